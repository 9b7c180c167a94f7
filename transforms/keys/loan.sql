-- Grain: one row per loan of which something else may be stated now.
-- Meaning: touched loans, and those of records that state again what is known.
SELECT name FROM ties WHERE kind = 'loan'
UNION
SELECT loan_id FROM standing
