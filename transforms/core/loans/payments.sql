-- Grain: one row per loan, date and amount paid.
-- Inputs: loan_snapshots, stg_uploads.
-- Meaning: a payment is a distinct last paid date and amount that any upload states of a loan; its customer and row
--          are those of the first upload that states it.
SELECT
    snapshots.loan_id,
    snapshots.loan_ref,
    snapshots.last_paid_date AS paid_on,
    snapshots.last_paid_amount AS amount,
    arg_min(snapshots.customer_id, uploads.upload_order) AS customer_id,
    arg_min(snapshots.upload_row_id, uploads.upload_order) AS upload_row_id
FROM loan_snapshots AS snapshots
JOIN stg_uploads AS uploads ON uploads.upload_id = snapshots.file_upload_id
WHERE snapshots.last_paid_date IS NOT NULL AND snapshots.last_paid_amount IS NOT NULL
GROUP BY snapshots.loan_id, snapshots.loan_ref, snapshots.last_paid_date, snapshots.last_paid_amount
