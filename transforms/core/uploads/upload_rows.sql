-- Grain: one row per record of an upload.
-- Meaning: a record's exact text beside what became of it; of a row that our records state, the text that they state.
-- View: the text stays in the lake
WITH stated_texts AS (
    SELECT stated.id, raw.stated_raw_data AS raw_data
    FROM _stated_upload_rows AS stated
    JOIN lake.upload_row_rows AS raw
        ON raw.upload_id = stated.record_upload_id AND raw.line_number = stated.record_line_number
)

SELECT
    outcomes.id,
    outcomes.file_upload_id,
    outcomes.line_number,
    outcomes.sheet,
    outcomes.sheet_row,
    coalesce(stated_texts.raw_data, raw.raw_data) AS raw_data,
    outcomes.phone_normalized,
    outcomes.loan_id_text,
    outcomes.branch_key,
    outcomes.employee_key,
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
LEFT JOIN stated_texts ON stated_texts.id = outcomes.id
LEFT JOIN lake.upload_rows AS raw
    ON raw.upload_id = outcomes.file_upload_id AND raw.line_number = outcomes.line_number
