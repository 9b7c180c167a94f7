-- Grain: one row per record of an upload.
-- Inputs: upload_row_outcomes, lake.upload_rows.
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
    outcomes.error
FROM upload_row_outcomes AS outcomes
JOIN lake.upload_rows AS raw
    ON raw.upload_id = outcomes.file_upload_id AND raw.line_number = outcomes.line_number
