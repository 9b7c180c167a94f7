-- Grain: one row per record that speaks of a call.
-- Meaning: which call the record was about, and what was wrong with it.
-- Step: a part of _upload_row_outcomes
SELECT
    events.row_id,
    events.upload_id,
    events.line_number,
    coalesce(events.to_phone, events.from_phone) AS phone_normalized,
    -- A call's custom field may hold anything, people's data too: only a known loan is shown of it.
    loans.loan_id AS loan_id_text,
    CAST(NULL AS VARCHAR) AS branch_key,
    CAST(NULL AS VARCHAR) AS employee_key,
    events.row_fingerprint,
    calls.customer_id AS match_customer_id,
    calls.loan_ref AS match_loan_id,
    calls.call_id AS match_call_session_id,
    CAST(NULL AS VARCHAR) AS match_method,
    events.row_error,
    events.cell_errors,
    events.more_cell_errors,
    events.is_duplicate,
    calls.first_row_id = events.row_id AS is_first_sight
FROM _call_events AS events
LEFT JOIN _call_attributions AS calls ON calls.call_sid = events.call_sid
LEFT JOIN loans ON loans.loan_key = events.loan_number
