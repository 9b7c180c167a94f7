-- Grain: one row per usable row.
-- Meaning: the graph of rules 0 and 1. A national id (N), an entity id (E), and a phone with which a record of ours states
--          a customer without a national id (C) are nodes; a row links its two.
-- Step: it only names what a row states
SELECT
    *,
    CASE
        WHEN national_id IS NOT NULL THEN 'N' || national_id
        WHEN is_customer_record THEN 'C' || phone
    END AS node,
    'E' || CAST(entity_id AS VARCHAR) AS other_node
FROM _identity_rows
