-- Grain: one row per call of which a record of ours states the customer.
-- Meaning: the customer who goes by the stated id now.
-- Step: few calls have such an id
SELECT calls.id AS call_id, coalesce(entities.customer_id, origins.customer_id) AS customer_id
FROM _call_statements AS calls
LEFT JOIN _customer_id_map AS entities ON entities.customer_entity = calls.customer_entity
LEFT JOIN _row_customers AS origins ON origins.row_id = calls.customer_row
WHERE calls.customer_entity IS NOT NULL AND coalesce(entities.customer_id, origins.customer_id) IS NOT NULL
