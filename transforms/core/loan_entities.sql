-- Grain: one row per id under which a record of ours states a loan.
-- Inputs: borrower_statements.
-- Meaning: the number of the loan that goes by the id: the one stated last.
SELECT
    loan_entity,
    arg_max(loan_id, row_order) AS loan_id,
    min(row_order) AS first_order,
    arg_max(loan_status, row_order) FILTER (WHERE loan_status IS NOT NULL) AS status,
    max(row_order) FILTER (WHERE loan_status IS NOT NULL) AS status_order,
    min(created_at) AS created_at
FROM borrower_statements
WHERE loan_entity IS NOT NULL AND loan_id IS NOT NULL
GROUP BY loan_entity
