-- Grain: one row per touched customer.
-- Meaning: who it is, and what calls there were, is told anew.
SELECT DISTINCT outcomes.match_customer_id
FROM was._upload_row_outcomes AS outcomes
SEMI JOIN rows ON rows.row_id = outcomes.id
WHERE outcomes.match_customer_id IS NOT NULL
