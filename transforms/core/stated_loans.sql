-- Grain: one row per loan number that a record of ours states with an id.
-- Inputs: loan_entities.
-- Meaning: the id under which the loan goes on, the first of several, and what only our records say of it.
SELECT
    loan_id,
    arg_min(loan_entity, first_order) AS id,
    arg_max(status, status_order) FILTER (WHERE status IS NOT NULL) AS status,
    max(status_order) AS status_order,
    min(created_at) AS created_at
FROM loan_entities
GROUP BY loan_id
