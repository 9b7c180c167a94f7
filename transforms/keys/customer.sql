-- Grain: one row per customer of whom something else may be stated now.
-- Meaning: touched customers, and those of records that state again what is known.
SELECT match_customer_id AS customer_id FROM keys.person
UNION
SELECT customer_id FROM standing
