-- Grain: one row per loan number that a record of ours states with an id.
-- Inputs: borrower_statements, loan_renames.
-- Meaning: the id under which the loan goes on, and what only our records say of it.
WITH statements AS (
    SELECT records.*, coalesce(renames.loan_id, records.loan_id) AS current_loan_id
    FROM borrower_statements AS records
    LEFT JOIN loan_renames AS renames ON renames.former_loan_id = records.loan_id
    WHERE records.loan_entity IS NOT NULL AND records.loan_id IS NOT NULL
)

SELECT
    current_loan_id AS loan_id,
    arg_min(loan_entity, row_order) AS id,
    arg_max(loan_status, row_order) FILTER (WHERE loan_status IS NOT NULL) AS status,
    max(row_order) FILTER (WHERE loan_status IS NOT NULL) AS status_order,
    min(created_at) AS created_at
FROM statements
GROUP BY current_loan_id
