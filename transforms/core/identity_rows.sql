-- Grain: one row per usable row of a loan book.
-- Inputs: stg_loan_rows, stg_uploads, contact_phones.
-- Meaning: what a row says of who its customer is, in the one order of rows.
SELECT
    rows.row_id,
    row_order_of(uploads.upload_order, rows.line_number) AS row_order,
    uploads.upload_order,
    rows.upload_id,
    rows.loan_id,
    CASE WHEN contact_phones.phone IS NULL THEN rows.phone END AS phone,
    rows.national_id,
    rows.entity_id
FROM stg_loan_rows AS rows
JOIN stg_uploads AS uploads ON uploads.upload_id = rows.upload_id
LEFT JOIN contact_phones ON contact_phones.phone = rows.phone
WHERE rows.row_error IS NULL
