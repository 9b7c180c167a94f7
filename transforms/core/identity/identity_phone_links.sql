-- Grain: one row per usable row that no id decides.
-- Inputs: identity_stated.
-- Meaning: the graph of rule 3. A phone and a loan are nodes, numbered by the first row that states them (even and
--          odd); a row links its phone and its loan.
SELECT
    row_order,
    CASE WHEN phone IS NOT NULL THEN 2 * min(row_order) OVER (PARTITION BY phone) END AS node,
    2 * min(row_order) OVER (PARTITION BY loan_id) + 1 AS other_node
FROM identity_stated
WHERE stated_group IS NULL
