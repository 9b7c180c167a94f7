-- Grain: one row per record that speaks of a call.
-- Inputs: stg_call_rows, stg_call_records, stg_uploads, call_events, call_sessions, loans.
-- Meaning: which call the record was about, and what was wrong with it.
-- View: a part of upload_row_outcomes
WITH firsts AS (
    SELECT
        events.row_id, events.call_sid,
        row_order_of(uploads.upload_order, events.line_number)
            = min(row_order_of(uploads.upload_order, events.line_number)) OVER (PARTITION BY events.call_sid) AS is_first_sight
    FROM call_events AS events
    JOIN stg_uploads AS uploads ON uploads.upload_id = events.upload_id
)

SELECT
    rows.row_id,
    rows.upload_id,
    rows.line_number,
    coalesce(rows.to_phone, rows.from_phone) AS phone_normalized,
    -- A call's custom field may hold anything, people's data too: only a known loan is shown of it.
    loans.loan_id AS loan_id_text,
    rows.row_fingerprint,
    sessions.customer_id AS match_customer_id,
    sessions.loan_id AS match_loan_id,
    sessions.id AS match_call_session_id,
    CAST(NULL AS VARCHAR) AS match_method,
    CASE
        WHEN rows.row_error IS NULL AND firsts.call_sid IS NULL
        THEN 'missing_call_sid: the record speaks of a call that nobody states'
        ELSE rows.row_error
    END AS row_error,
    rows.cell_errors,
    records.cell_errors AS more_cell_errors,
    rows.is_duplicate,
    firsts.is_first_sight
FROM stg_call_rows AS rows
LEFT JOIN stg_call_records AS records ON records.row_id = rows.row_id
LEFT JOIN firsts ON firsts.row_id = rows.row_id
LEFT JOIN call_sessions AS sessions ON sessions.call_sid = firsts.call_sid
LEFT JOIN loans ON loans.loan_id = rows.loan_id
