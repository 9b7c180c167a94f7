-- Grain: one row per record of ours that states a row of an earlier upload.
-- Meaning: such a row as it was stated; its text stays in the lake.
-- Incremental: upload_id
SELECT
    row_id_of(uploads.sha256, rows.line_number) AS row_id,
    rows.upload_id,
    rows.line_number,
    rows.row_fingerprint,
    rows.entity_id,
    stated_id(rows.file_upload_id) AS file_upload_id,
    coalesce(whole_number_of(rows.stated_line_number), 0) AS stated_line_number,
    rows.phone_normalized,
    loan_number(rows.loan_id_text) AS loan_id_text,
    CAST(md5(rows.stated_row_fingerprint) AS UUID) AS stated_row_fingerprint,
    stated_id(rows.match_customer_id) AS customer_entity,
    stated_id(rows.customer_row) AS customer_row,
    stated_id(rows.match_loan_id) AS loan_ref,
    lower(rows.match_method) AS match_method,
    stated_time(rows.matched_at) AS matched_at,
    lower(rows.status) AS stated_status,
    rows.error AS stated_error,
    found_errors([
        cell_error('bad_value', 'file_upload_id', 'id', rows.file_upload_id, stated_id(rows.file_upload_id)),
        cell_error('bad_value', 'match_customer_id', 'id', rows.match_customer_id, stated_id(rows.match_customer_id)),
        cell_error('bad_value', 'customer_row', 'id', rows.customer_row, stated_id(rows.customer_row)),
        cell_error('bad_value', 'match_loan_id', 'id', rows.match_loan_id, stated_id(rows.match_loan_id)),
        cell_error('bad_number', 'stated_line_number', 'line number', rows.stated_line_number, whole_number_of(rows.stated_line_number)),
        cell_error('bad_date', 'matched_at', 'time', rows.matched_at, stated_time(rows.matched_at))
    ]) AS cell_errors
FROM lake.upload_row_rows AS rows
JOIN lake.uploads AS uploads ON uploads.upload_id = rows.upload_id
