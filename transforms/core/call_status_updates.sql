-- Grain: one row per call, status and time.
-- Inputs: call_events.
-- Meaning: what happened to a call, in order; the first row that states it stands for its repetitions.
WITH events AS (
    SELECT
        *,
        first_value(message IGNORE NULLS) OVER (
            PARTITION BY call_sid, status, event_at ORDER BY event_order
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS first_message,
        first_value(extra_data IGNORE NULLS) OVER (
            PARTITION BY call_sid, status, event_at ORDER BY event_order
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS first_extra_data,
        row_number() OVER (PARTITION BY call_sid, status, event_at ORDER BY event_order) AS repetition
    FROM call_events
)

SELECT
    id_of('status', call_sid || '|' || status || '|' || CAST(event_at AS VARCHAR)) AS id,
    id_of('call', call_sid) AS call_session_id,
    row_number() OVER (PARTITION BY call_sid ORDER BY event_order) AS sequence,
    status,
    provider_status,
    first_message AS message,
    event_at AS timestamp,
    first_extra_data AS extra_data,
    row_id AS upload_row_id
FROM events
WHERE repetition = 1
