-- Grain: one row per usable row that no id decides.
-- Meaning: the graph of rule 3. A phone (P) and a loan (L) are nodes; a row links its phone and its loan.
-- Step: it only names what a row states
SELECT row_id, 'P' || phone AS node, 'L' || loan_id AS other_node
FROM _identity_stated
WHERE stated_group IS NULL
