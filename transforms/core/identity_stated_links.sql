-- Grain: one row per usable row that states a national id or an entity id.
-- Inputs: identity_rows.
-- Meaning: the graph of rules 0 and 1. A national id and an entity id are nodes, numbered by the first row that
--          states them (even and odd); a row that states both links them.
SELECT
    row_order,
    CASE WHEN national_id IS NOT NULL THEN 2 * min(row_order) OVER (PARTITION BY national_id) END AS node,
    CASE WHEN entity_id IS NOT NULL THEN 2 * min(row_order) OVER (PARTITION BY entity_id) + 1 END AS other_node
FROM identity_rows
WHERE national_id IS NOT NULL OR entity_id IS NOT NULL
