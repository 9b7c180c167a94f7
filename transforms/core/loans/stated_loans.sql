-- Grain: one row per loan number that a usable record of ours states.
-- Inputs: borrower_statements, row_customers.
-- Meaning: the id under which the loan goes on, the first of several, and what only our records say of it.
SELECT
    customers.loan_id,
    arg_min(records.loan_entity, records.row_order) FILTER (WHERE records.loan_entity IS NOT NULL) AS id,
    arg_max(records.loan_status, records.row_order) FILTER (WHERE records.loan_status IS NOT NULL) AS status,
    max(records.row_order) FILTER (WHERE records.loan_status IS NOT NULL) AS status_order,
    min(records.created_at) AS created_at
FROM borrower_statements AS records
JOIN row_customers AS customers ON customers.row_id = records.row_id
WHERE records.kind = 'loan' AND customers.customer_id IS NOT NULL
GROUP BY customers.loan_id
