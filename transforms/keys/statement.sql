-- Grain: one row per record by which a loan stands for a time that may be another now.
-- Meaning: touched records, those that state again what is known, and those that they follow.
SELECT row_id FROM keys.row
UNION
SELECT row_id FROM standing
UNION
SELECT earlier_row_id FROM standing
