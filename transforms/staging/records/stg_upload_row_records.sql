-- Grain: one row per record of ours that states a row of an earlier upload.
-- Inputs: lake.upload_row_rows, lake.uploads.
-- Meaning: such a row as it was stated; its text stays in the lake.
-- Incremental: upload_id
SELECT
    row_id_of(uploads.sha256, rows.line_number) AS row_id,
    rows.upload_id,
    rows.line_number,
    rows.row_fingerprint,
    rows.entity_id,
    TRY_CAST(rows.file_upload_id AS UUID) AS file_upload_id,
    coalesce(TRY_CAST(rows.stated_line_number AS INTEGER), 0) AS stated_line_number,
    rows.phone_normalized,
    loan_number(rows.loan_id_text) AS loan_id_text,
    CAST(md5(rows.stated_row_fingerprint) AS UUID) AS stated_row_fingerprint,
    TRY_CAST(rows.match_customer_id AS UUID) AS customer_entity,
    TRY_CAST(rows.customer_row AS UUID) AS customer_row,
    TRY_CAST(rows.match_loan_id AS UUID) AS loan_ref,
    lower(rows.match_method) AS match_method,
    stated_time(rows.matched_at) AS matched_at,
    lower(rows.status) AS stated_status,
    rows.error AS stated_error
FROM lake.upload_row_rows AS rows
JOIN lake.uploads AS uploads ON uploads.upload_id = rows.upload_id
