-- Grain: one row per loan, date and amount paid.
-- Inputs: loan_snapshots.
-- Meaning: a payment is a distinct last paid date and amount that any upload states of a loan.
SELECT
    loan_id,
    loan_ref,
    last_paid_date AS paid_on,
    last_paid_amount AS amount,
    arg_min(customer_id, CAST(valid_from AS VARCHAR) || CAST(file_upload_id AS VARCHAR)) AS customer_id,
    arg_min(upload_row_id, CAST(valid_from AS VARCHAR) || CAST(file_upload_id AS VARCHAR)) AS upload_row_id
FROM loan_snapshots
WHERE last_paid_date IS NOT NULL AND last_paid_amount IS NOT NULL
GROUP BY loan_id, loan_ref, last_paid_date, last_paid_amount
