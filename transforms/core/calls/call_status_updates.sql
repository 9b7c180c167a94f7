-- Grain: one row per call, status and time.
-- Meaning: what happened to a call, in order; the first row that states it stands for its repetitions. A record of ours
--          that states a call as a whole is no update of it; one that states an update has an id of its own.
-- Replace by: call_session_id (call id)
WITH identified AS (
    SELECT
        events.row_id, events.call_sid, events.status, events.provider_status, events.event_at, events.event_order,
        events.message, events.extra_data,
        calls.id AS call_session_id,
        calls.is_repeated,
        coalesce(events.entity_id, id_of('status', events.call_sid || '|' || events.status || '|' || CAST(events.event_at AS VARCHAR))) AS id
    FROM _call_events AS events
    JOIN _call_statements AS calls ON calls.call_sid = events.call_sid
    WHERE events.kind <> 'call' AND events.row_error IS NULL
),

repeated AS (
    SELECT
        *,
        first_value(message IGNORE NULLS) OVER (
            PARTITION BY id ORDER BY event_order
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS first_message,
        first_value(extra_data IGNORE NULLS) OVER (
            PARTITION BY id ORDER BY event_order
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS first_extra_data,
        row_number() OVER (PARTITION BY id ORDER BY event_order) AS repetition
    FROM identified
    WHERE is_repeated
)

-- A call of which one record speaks has one update; most are such.
SELECT
    id,
    call_session_id,
    1 AS sequence,
    status,
    provider_status,
    message,
    event_at AS timestamp,
    extra_data,
    row_id AS upload_row_id
FROM identified
WHERE NOT is_repeated
UNION ALL
SELECT
    id,
    call_session_id,
    row_number() OVER (PARTITION BY call_sid ORDER BY event_order) AS sequence,
    status,
    provider_status,
    first_message AS message,
    event_at AS timestamp,
    first_extra_data AS extra_data,
    row_id AS upload_row_id
FROM repeated
WHERE repetition = 1
