-- Grain: one row per record of an upload.
-- Meaning: a record's exact text beside what became of it.
-- View: the text stays in the lake
SELECT
    outcomes.id,
    outcomes.file_upload_id,
    outcomes.line_number,
    raw.raw_data,
    outcomes.phone_normalized,
    outcomes.loan_id_text,
    outcomes.row_fingerprint,
    outcomes.match_customer_id,
    outcomes.match_loan_id,
    outcomes.match_call_session_id,
    outcomes.match_method,
    outcomes.matched_at,
    outcomes.status,
    outcomes.error_codes,
    outcomes.error
FROM _upload_row_outcomes AS outcomes
JOIN lake.upload_rows AS raw
    ON raw.upload_id = outcomes.file_upload_id AND raw.line_number = outcomes.line_number
UNION ALL
SELECT
    outcomes.id,
    outcomes.file_upload_id,
    outcomes.line_number,
    raw.stated_raw_data AS raw_data,
    outcomes.phone_normalized,
    outcomes.loan_id_text,
    outcomes.row_fingerprint,
    outcomes.match_customer_id,
    outcomes.match_loan_id,
    outcomes.match_call_session_id,
    outcomes.match_method,
    outcomes.matched_at,
    outcomes.status,
    outcomes.error_codes,
    outcomes.error
FROM _upload_row_outcomes AS outcomes
JOIN _stated_upload_rows AS stated ON stated.id = outcomes.id
JOIN lake.upload_row_rows AS raw
    ON raw.upload_id = stated.record_upload_id AND raw.line_number = stated.record_line_number
