-- Grain: one row per record of an upload, and per row of an upload that our records state.
-- Meaning: what became of every record: the first that holds of error, duplicate, created, matched.
-- Replace by: id (row)
WITH all_rows AS (
    SELECT * FROM _borrower_row_outcomes
    UNION ALL
    SELECT * FROM _call_row_outcomes
    UNION ALL
    SELECT
        row_id, upload_id, line_number, NULL AS phone_normalized, NULL AS loan_id_text, NULL AS branch_key, NULL AS employee_key,
        row_fingerprint, match_customer_id, match_loan_id, NULL AS match_call_session_id, NULL AS match_method, row_error,
        cell_errors, NULL AS more_cell_errors, false AS is_duplicate, is_first_sight
    FROM _upload_record_outcomes
    UNION ALL
    SELECT
        row_id_of(uploads.sha256, rows.line_number) AS row_id, rows.upload_id, rows.line_number, NULL AS phone_normalized,
        NULL AS loan_id_text, NULL AS branch_key, NULL AS employee_key, rows.row_fingerprint, NULL AS match_customer_id, NULL AS match_loan_id,
        NULL AS match_call_session_id, NULL AS match_method,
        coalesce(rows.problem, 'missing_loan_id: the file as a whole could not be used; its upload says why') AS row_error,
        NULL AS cell_errors, NULL AS more_cell_errors, false AS is_duplicate, false AS is_first_sight
    FROM lake.unknown_rows AS rows
    JOIN lake.uploads AS uploads ON uploads.upload_id = rows.upload_id
),

-- Only those of workbooks have one.
sheets AS (
    SELECT upload_id, line_number, sheet, sheet_row FROM lake.upload_rows WHERE sheet IS NOT NULL
),

-- Few rows have anything wrong with them.
found AS (
    SELECT
        *,
        CASE
            WHEN coalesce(cell_errors, more_cell_errors) IS NOT NULL
                THEN list_concat(coalesce(cell_errors, []), coalesce(more_cell_errors, []))
        END AS all_cell_errors
    FROM all_rows
)

SELECT
    row_id AS id,
    found.upload_id AS file_upload_id,
    found.line_number,
    sheets.sheet,
    sheets.sheet_row,
    phone_normalized,
    loan_id_text,
    branch_key,
    employee_key,
    row_fingerprint,
    match_customer_id,
    match_loan_id,
    match_call_session_id,
    match_method,
    CASE WHEN row_error IS NULL THEN uploads.uploaded_at END AS matched_at,
    CASE
        WHEN row_error IS NOT NULL THEN 'error'
        WHEN is_duplicate THEN 'duplicate'
        WHEN is_first_sight THEN 'created'
        ELSE 'matched'
    END AS status,
    CASE
        WHEN row_error IS NOT NULL
            THEN list_concat([split_part(row_error, ':', 1)], error_codes_of(coalesce(all_cell_errors, [])))
        ELSE error_codes_of(all_cell_errors)
    END AS error_codes,
    nullif(concat_ws('; ', row_error, array_to_string(all_cell_errors, '; ')), '') AS error
FROM found
JOIN _stg_uploads AS uploads ON uploads.upload_id = found.upload_id
LEFT JOIN sheets ON sheets.upload_id = found.upload_id AND sheets.line_number = found.line_number
UNION ALL
SELECT
    id, file_upload_id, line_number, CAST(NULL AS VARCHAR) AS sheet, CAST(NULL AS INTEGER) AS sheet_row, phone_normalized, loan_id_text,
    CAST(NULL AS VARCHAR) AS branch_key, CAST(NULL AS VARCHAR) AS employee_key, row_fingerprint, match_customer_id, match_loan_id,
    CAST(NULL AS UUID) AS match_call_session_id, match_method, matched_at, status,
    CASE WHEN error IS NOT NULL THEN error_codes_of([error]) END AS error_codes, error
FROM _stated_upload_rows
