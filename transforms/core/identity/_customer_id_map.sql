-- Grain: one row per id under which a record of ours states a person.
-- Meaning: the customer who goes by the id; several ids may have turned out to be one person.
-- Step: few rows have such an id
SELECT entity_id AS customer_entity, min(customer_id) AS customer_id
FROM _row_customers
WHERE entity_id IS NOT NULL
GROUP BY entity_id
