-- Grain: one row per phone and customer who ever stated it.
-- Meaning: whom a number may belong to.
SELECT DISTINCT phone, customer_id
FROM _row_customers
WHERE phone IS NOT NULL AND customer_id IS NOT NULL
