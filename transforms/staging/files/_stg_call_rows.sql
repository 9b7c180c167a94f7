-- Grain: one row per record that speaks of a call: of a call log, or of ours (call, status).
-- Meaning: the record's cells as typed values in UTC, and what was wrong with it; a bad cell is null and named.
-- Incremental: upload_id
WITH date_orders AS (
    SELECT
        upload_id,
        bool_and(day_first) FILTER (WHERE field = 'initiated_at') AS initiated_day_first,
        bool_and(day_first) FILTER (WHERE field = 'ended_at') AS ended_day_first,
        bool_and(day_first) FILTER (WHERE field = 'updated_at') AS updated_day_first
    FROM _stg_date_orders
    GROUP BY upload_id
),

records AS (
    SELECT
        rows.*,
        row_id_of(uploads.sha256, rows.line_number) AS row_id,
        from_phones.phone AS from_phone,
        to_phones.phone AS to_phone,
        from_phones.problem AS from_problem,
        to_phones.problem AS to_problem,
        coalesce(rows.line_number > repeated.first_line, false) AS is_duplicate,
        settings.utc_offset_minutes,
        -- Files state local times, our records UTC.
        CASE WHEN rows.kind = 'call_log' THEN settings.utc_offset_minutes ELSE 0 END AS minutes_east,
        [
            { 'cell': rows.initiated_at, 'day_first': coalesce(date_orders.initiated_day_first, true) },
            { 'cell': rows.ended_at, 'day_first': coalesce(date_orders.ended_day_first, true) },
            { 'cell': rows.updated_at, 'day_first': coalesce(date_orders.updated_day_first, true) }
        ] AS stated_times,
        list_transform(stated_times, LAMBDA stated: plain_timestamp(stated.cell, stated.day_first, minutes_east)) AS plain_times,
        seconds_of(rows.duration_seconds) AS duration, seconds_of(rows.conversation_seconds) AS conversation,
        price_of(rows.price) AS cost, whole_number_of(rows.triggered_by_row) AS triggered_by_line,
        CASE WHEN rows.kind = 'call' AND rows.status IS NULL THEN 'not_initiated' ELSE call_status_of(rows.status) END AS our_status
    FROM lake.call_event_rows AS rows
    JOIN lake.uploads AS uploads ON uploads.upload_id = rows.upload_id
    CROSS JOIN settings
    LEFT JOIN date_orders ON date_orders.upload_id = rows.upload_id
    LEFT JOIN _stg_repeated_rows AS repeated
        ON repeated.upload_id = rows.upload_id AND repeated.row_fingerprint = rows.row_fingerprint
    LEFT JOIN lake.phones AS from_phones
        ON from_phones.upload_id = rows.upload_id AND from_phones.phone_text = rows.from_number
    LEFT JOIN lake.phones AS to_phones
        ON to_phones.upload_id = rows.upload_id AND to_phones.phone_text = rows.to_number
),

-- Times are rarely written otherwise, and then are long to read.
typed AS (
    SELECT
        *,
        CASE
            WHEN all_read([initiated_at, ended_at, updated_at], plain_times) THEN plain_times
            ELSE list_transform(stated_times, LAMBDA stated: timestamp_of(stated.cell, stated.day_first, minutes_east))
        END AS times
    FROM records
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
        WHEN kind <> 'call' AND status IS NULL THEN 'unknown_status: the row has no status'
        -- Only what is written as status words are is repeated, so that no cell of a person's gets into a sentence.
        WHEN our_status IS NULL
            THEN 'unknown_status: status not recognised' || CASE WHEN regexp_matches(status, '^[a-z][a-z_-]{0,39}$') THEN ': ' || status ELSE '' END
    END AS row_error,
    found_errors([
        cell_error('bad_date', 'initiated_at', 'time', initiated_at, times[1]),
        cell_error('bad_date', 'ended_at', 'time', ended_at, times[2]),
        cell_error('bad_date', 'updated_at', 'time', updated_at, times[3]),
        cell_error('bad_number', 'duration_seconds', 'number of seconds', duration_seconds, duration),
        cell_error('bad_number', 'conversation_seconds', 'number of seconds', conversation_seconds, conversation),
        cell_error('bad_amount', 'price', 'amount', price, cost),
        cell_error('bad_number', 'triggered_by_row', 'line number', triggered_by_row, triggered_by_line),
        'bad_phone: from_number ' || from_problem,
        'bad_phone: to_number ' || to_problem
    ]) AS cell_errors,
    kind,
    call_sid,
    our_status AS status,
    status AS provider_status,
    times[1] AS initiated_at,
    CASE WHEN year(times[2] + to_minutes(utc_offset_minutes)) > 1970 THEN times[2] END AS ended_at,
    times[3] AS updated_at,
    duration AS duration_seconds,
    conversation AS conversation_seconds,
    coalesce(from_phone, from_number) AS from_number,
    coalesce(to_phone, to_number) AS to_number,
    from_phone,
    to_phone,
    direction,
    answered_by,
    cost AS price,
    currency,
    recording_url,
    flow_id,
    message,
    extra_data,
    call_metadata,
    loan_number(loan_id) AS loan_id,
    triggered_by_batch,
    triggered_by_line
FROM typed
