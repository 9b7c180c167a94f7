-- Grain: one row per record that speaks of a call: of a call log, or of ours (call, status).
-- Meaning: the record's cells as typed values in UTC, and what was wrong with it; a bad cell is null and named.
-- Incremental: upload_id
WITH checked AS (
    SELECT
        *,
        [
            cell_error('bad_date', 'initiated_at', 'time', initiated_at, initiated),
            cell_error('bad_date', 'ended_at', 'time', ended_at, ended),
            cell_error('bad_date', 'updated_at', 'time', updated_at, updated),
            cell_error('bad_number', 'duration_seconds', 'number of seconds', duration_seconds, duration),
            cell_error('bad_number', 'conversation_seconds', 'number of seconds', conversation_seconds, conversation),
            cell_error('bad_amount', 'price', 'amount', price, cost),
            cell_error('bad_number', 'triggered_by_row', 'line number', triggered_by_row, triggered_by_line),
            'bad_phone: from_number ' || from_problem,
            'bad_phone: to_number ' || to_problem
        ] AS findings
    FROM _stg_call_times
)

SELECT
    row_id,
    upload_id,
    line_number,
    row_fingerprint,
    is_duplicate,
    CASE
        WHEN problem IS NOT NULL THEN problem
        WHEN kind = 'call_log' AND is_absent(call_sid) THEN 'missing_call_sid: the row has no call id; export the log with the call id in every row'
        WHEN kind = 'call_log' AND has_exponent(call_sid)
            THEN 'bad_call_sid: the call id has lost digits to an exponent; format the column as text and send the file again'
        WHEN kind = 'status' AND status IS NULL THEN 'unknown_status: the row has no status'
        WHEN status IS NOT NULL AND status_word IS NULL
            THEN 'unknown_status: status not recognised' || coalesce(unknown_word(status, records_with_status), '')
    END AS row_error,
    found_errors(findings) AS cell_errors,
    kind,
    call_sid,
    coalesce(status_word, CASE WHEN status IS NULL THEN other_words[1] END) AS status_word,
    other_words[2] AS to_leg_word,
    other_words[3] AS from_leg_word,
    other_words[4] AS reason_word,
    coalesce(status, vicidial_status, CASE WHEN other_words[1] IS NOT NULL THEN status_name END, end_reason) AS provider_status,
    initiated AS initiated_at,
    ended_after_start AS ended_at,
    updated AS updated_at,
    duration AS duration_seconds,
    conversation AS conversation_seconds,
    coalesce(from_phone, from_number) AS from_number,
    coalesce(to_phone, to_number) AS to_number,
    from_phone,
    to_phone,
    direction,
    coalesce(
        answered_by, CASE WHEN status_word = 'machine' OR list_contains(other_words, 'machine') THEN 'machine' END
    ) AS answered_by,
    CASE WHEN upper(vicidial_status) IN ('DNC', 'DNCL') THEN true END AS do_not_call,
    cost AS price,
    currency,
    recording_url,
    flow_id,
    message,
    extra_data,
    call_metadata,
    key_of(loan_text) AS loan_id,
    triggered_by_batch,
    triggered_by_line
FROM checked
