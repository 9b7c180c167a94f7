-- Grain: one row per usable row that states a national id or an entity id.
-- Inputs: identity_rows.
-- Meaning: the graph of rules 0 and 1. A national id, an entity id, and a phone with which a record of ours states a
--          customer without a national id are nodes, numbered by the first row that states them; a row links its two.
WITH persons AS (
    SELECT phone, min(row_order) AS first_order
    FROM identity_rows
    WHERE is_customer_record AND national_id IS NULL AND phone IS NOT NULL
    GROUP BY phone
)

SELECT
    rows.row_order,
    CASE
        WHEN rows.national_id IS NOT NULL THEN 4 * min(rows.row_order) OVER (PARTITION BY rows.national_id)
        WHEN rows.is_customer_record THEN 4 * persons.first_order + 2
    END AS node,
    CASE WHEN rows.entity_id IS NOT NULL THEN 4 * min(rows.row_order) OVER (PARTITION BY rows.entity_id) + 1 END AS other_node
FROM identity_rows AS rows
LEFT JOIN persons ON persons.phone = rows.phone
WHERE rows.national_id IS NOT NULL OR rows.entity_id IS NOT NULL
