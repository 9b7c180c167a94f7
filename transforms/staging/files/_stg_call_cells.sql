-- Grain: one row per record that speaks of a call: of a call log, or of ours (call, status).
-- Meaning: the record's cells beside what they mean; times in UTC.
-- Step: a part of _stg_call_rows
WITH date_orders AS (
    SELECT
        upload_id,
        bool_and(day_first) FILTER (WHERE field = 'initiated_at') AS initiated_day_first,
        bool_and(day_first) FILTER (WHERE field = 'ended_at') AS ended_day_first,
        bool_and(day_first) FILTER (WHERE field = 'updated_at') AS updated_day_first
    FROM _stg_date_orders
    GROUP BY upload_id
)

SELECT
    rows.*,
    loan_in_custom_field(rows.loan_id) AS loan_cell,
    row_id_of(uploads.sha256, rows.line_number) AS row_id,
    from_phones.phone AS from_phone,
    to_phones.phone AS to_phone,
    from_phones.problem AS from_problem,
    to_phones.problem AS to_problem,
    coalesce(rows.line_number > repeated.first_line, false) AS is_duplicate,
    settings.utc_offset_minutes,
    -- Files state local times, our records UTC.
    CASE WHEN rows.kind = 'call_log' THEN settings.utc_offset_minutes ELSE 0 END AS minutes_east,
    coalesce(date_orders.initiated_day_first, true) AS initiated_day_first,
    coalesce(date_orders.ended_day_first, true) AS ended_day_first,
    coalesce(date_orders.updated_day_first, true) AS updated_day_first,
    seconds_of(rows.duration_seconds) AS duration,
    seconds_of(rows.conversation_seconds) AS conversation,
    price_of(rows.price) AS cost,
    whole_number_of(rows.triggered_by_row) AS triggered_by_line,
    CASE
        WHEN coalesce(rows.status_name, rows.customer_status, rows.to_leg_status, rows.from_leg_status, rows.end_reason) IS NOT NULL
            THEN list_transform(
                [
                    rows.status_name, coalesce(rows.customer_status, rows.to_leg_status), rows.from_leg_status,
                    rows.end_reason
                ],
                LAMBDA word: call_word_of(word)
            )
    END AS other_words,
    CASE
        WHEN rows.kind = 'call' AND rows.status IS NULL THEN 'not_initiated'
        WHEN rows.kind <> 'call_log' THEN call_status_of(rows.status)
        -- Campaigns give codes meanings of their own: the name that stands beside a code weighs more, and so does talk where
        -- the name is no known word.
        WHEN rows.vicidial_status IS NOT NULL
            THEN coalesce(
                rows.status_as,
                other_words[1],
                CASE WHEN rows.status_name IS NOT NULL AND conversation > 0 THEN 'answered' END,
                vicidial_word_of(rows.vicidial_status)
            )
        ELSE coalesce(rows.status_as, words.word)
    END AS status_word,
    words.records AS records_with_status
FROM lake.call_event_rows AS rows
JOIN lake.uploads AS uploads ON uploads.upload_id = rows.upload_id
CROSS JOIN settings
LEFT JOIN date_orders ON date_orders.upload_id = rows.upload_id
LEFT JOIN _stg_repeated_rows AS repeated
    ON repeated.upload_id = rows.upload_id AND repeated.row_fingerprint = rows.row_fingerprint
LEFT JOIN _stg_call_words AS words ON words.upload_id = rows.upload_id AND words.status = rows.status
LEFT JOIN lake.phones AS from_phones
    ON from_phones.upload_id = rows.upload_id AND from_phones.phone_text = rows.from_number
LEFT JOIN lake.phones AS to_phones
    ON to_phones.upload_id = rows.upload_id AND to_phones.phone_text = rows.to_number
