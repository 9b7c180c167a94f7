-- Grain: one row per record of an upload, and per row of an upload that our records state.
-- Inputs: stg_loan_rows, stg_borrower_records, stg_call_rows, stg_call_records, stg_uploads, row_customers, row_matches,
--         call_events, call_sessions, loans, stated_loans, upload_record_outcomes, stated_upload_rows, lake.unknown_rows,
--         lake.uploads.
-- Meaning: what became of every record: the first that holds of error, duplicate, created, matched.
WITH loan_rows AS (
    SELECT
        rows.row_id, rows.upload_id, rows.line_number, rows.phone AS phone_normalized, rows.loan_id AS loan_id_text,
        rows.row_fingerprint, customers.customer_id AS match_customer_id,
        CASE WHEN customers.customer_id IS NOT NULL THEN coalesce(stated_loans.id, id_of('loan', customers.loan_id)) END AS match_loan_id,
        CAST(NULL AS UUID) AS match_call_session_id,
        matches.match_method,
        coalesce(
            rows.row_error,
            CASE WHEN customers.customer_id IS NULL THEN
                'unidentified_customer: neither the row nor any other row of its loan states a phone or a national id'
            END
        ) AS row_error,
        rows.is_duplicate, matches.is_first_sight, concat_ws('; ', rows.cell_errors, records.cell_errors) AS cell_errors
    FROM stg_loan_rows AS rows
    LEFT JOIN stg_borrower_records AS records ON records.row_id = rows.row_id
    LEFT JOIN row_customers AS customers ON customers.row_id = rows.row_id
    LEFT JOIN stated_loans ON stated_loans.loan_id = customers.loan_id
    LEFT JOIN row_matches AS matches ON matches.row_id = rows.row_id
),

call_firsts AS (
    SELECT
        events.row_id, events.call_sid,
        row_order_of(uploads.upload_order, events.line_number)
            = min(row_order_of(uploads.upload_order, events.line_number)) OVER (PARTITION BY events.call_sid) AS is_first_sight
    FROM call_events AS events
    JOIN stg_uploads AS uploads ON uploads.upload_id = events.upload_id
),

call_rows AS (
    SELECT
        rows.row_id, rows.upload_id, rows.line_number, coalesce(rows.to_phone, rows.from_phone) AS phone_normalized,
        -- A call's custom field may hold anything, people's data too: only a known loan is shown of it.
        loans.loan_id AS loan_id_text, rows.row_fingerprint, sessions.customer_id AS match_customer_id,
        sessions.loan_id AS match_loan_id, sessions.id AS match_call_session_id, CAST(NULL AS VARCHAR) AS match_method,
        CASE
            WHEN rows.row_error IS NULL AND firsts.call_sid IS NULL
            THEN 'missing_call_sid: the record speaks of a call that nobody states'
            ELSE rows.row_error
        END AS row_error,
        rows.is_duplicate, firsts.is_first_sight, concat_ws('; ', rows.cell_errors, records.cell_errors) AS cell_errors
    FROM stg_call_rows AS rows
    LEFT JOIN stg_call_records AS records ON records.row_id = rows.row_id
    LEFT JOIN call_firsts AS firsts ON firsts.row_id = rows.row_id
    LEFT JOIN call_sessions AS sessions ON sessions.call_sid = firsts.call_sid
    LEFT JOIN loans ON loans.loan_id = rows.loan_id
),

unknown_rows AS (
    SELECT
        row_id_of(uploads.sha256, rows.line_number) AS row_id, rows.upload_id, rows.line_number,
        CAST(NULL AS VARCHAR) AS phone_normalized, CAST(NULL AS VARCHAR) AS loan_id_text, rows.row_fingerprint,
        CAST(NULL AS UUID) AS match_customer_id, CAST(NULL AS UUID) AS match_loan_id,
        CAST(NULL AS UUID) AS match_call_session_id, CAST(NULL AS VARCHAR) AS match_method,
        coalesce(rows.problem, 'missing_loan_id: the file as a whole could not be used; its upload says why') AS row_error,
        false AS is_duplicate, false AS is_first_sight, CAST(NULL AS VARCHAR) AS cell_errors
    FROM lake.unknown_rows AS rows
    JOIN lake.uploads AS uploads ON uploads.upload_id = rows.upload_id
),

upload_records AS (
    SELECT
        row_id, upload_id, line_number, CAST(NULL AS VARCHAR) AS phone_normalized, CAST(NULL AS VARCHAR) AS loan_id_text,
        row_fingerprint, match_customer_id, match_loan_id, CAST(NULL AS UUID) AS match_call_session_id,
        CAST(NULL AS VARCHAR) AS match_method, row_error, false AS is_duplicate, is_first_sight, cell_errors
    FROM upload_record_outcomes
),

all_rows AS (
    SELECT * FROM loan_rows
    UNION ALL
    SELECT * FROM call_rows
    UNION ALL
    SELECT * FROM unknown_rows
    UNION ALL
    SELECT * FROM upload_records
)

SELECT
    row_id AS id,
    all_rows.upload_id AS file_upload_id,
    line_number,
    phone_normalized,
    loan_id_text,
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
    nullif(concat_ws('; ', row_error, nullif(cell_errors, '')), '') AS error
FROM all_rows
JOIN stg_uploads AS uploads ON uploads.upload_id = all_rows.upload_id
UNION ALL
SELECT
    id, file_upload_id, line_number, phone_normalized, loan_id_text, row_fingerprint, match_customer_id, match_loan_id,
    CAST(NULL AS UUID) AS match_call_session_id, match_method, matched_at, status, error
FROM stated_upload_rows
