-- Grain: one row per loan, date and amount paid.
-- Meaning: a payment is a distinct last paid date and amount that any upload states of a loan; its customer and row
--          are those of the first upload that states it.
-- Replace by: loan_ref (loan id)
WITH payments AS (
    SELECT
        snapshots.loan_ref,
        snapshots.loan_key,
        snapshots.last_paid_date AS paid_on,
        snapshots.last_paid_amount AS amount,
        arg_min(snapshots.customer_id, uploads.upload_order) AS customer_id,
        arg_min(snapshots.file_upload_id, uploads.upload_order) AS first_seen_upload,
        arg_min(snapshots.upload_row_id, uploads.upload_order) AS upload_row_id
    FROM loan_snapshots AS snapshots
    JOIN _upload_places AS uploads ON uploads.upload_id = snapshots.file_upload_id
    WHERE snapshots.last_paid_date IS NOT NULL AND snapshots.last_paid_amount IS NOT NULL
    GROUP BY snapshots.loan_ref, snapshots.loan_key, snapshots.last_paid_date, snapshots.last_paid_amount
)

SELECT
    id_of('paid', payments.loan_key || '|' || CAST(payments.paid_on AS VARCHAR) || '|' || CAST(payments.amount AS VARCHAR)) AS id,
    payments.loan_ref,
    loan_refs.loan_text AS loan_id,
    payments.customer_id,
    payments.paid_on,
    CAST(payments.paid_on AS TIMESTAMP) - to_minutes(settings.utc_offset_minutes) AS paid_at,
    payments.amount,
    payments.first_seen_upload,
    payments.upload_row_id
FROM payments
JOIN _loan_refs AS loan_refs ON loan_refs.loan_id = payments.loan_key
CROSS JOIN settings
