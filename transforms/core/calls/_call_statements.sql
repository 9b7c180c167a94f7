-- Grain: one row per call_sid.
-- Meaning: all that is stated of a call: the furthest status, the latest value of every fact that settles late.
WITH repeated AS (
    SELECT call_sid FROM _call_events WHERE row_error IS NULL GROUP BY call_sid HAVING count(*) > 1
),

-- A call of which one record speaks is as that says; most are.
statements AS (
    SELECT
        events.call_sid,
        false AS is_repeated,
        CASE WHEN kind = 'call' THEN entity_id END AS entity_id,
        row_id AS first_row_id,
        status,
        provider_status,
        initiated_at AS started_at,
        updated_at AS first_update_at,
        events.ended_at,
        events.duration_seconds,
        events.conversation_seconds,
        events.from_number,
        events.to_number,
        events.from_phone,
        events.to_phone,
        events.direction,
        events.answered_by,
        events.do_not_call,
        events.price,
        events.currency,
        events.recording_url,
        events.flow_id,
        events.call_metadata,
        loan_id AS stated_loan_id,
        CASE WHEN triggered_by_line IS NOT NULL THEN triggered_by_batch END AS stated_batch,
        CASE WHEN triggered_by_batch IS NOT NULL THEN triggered_by_line END AS stated_line,
        customer_entity,
        CASE WHEN customer_entity IS NOT NULL THEN customer_row END AS customer_row,
        triggering_upload,
        triggering_row,
        event_at AS last_event_at,
        stated_created_at,
        uploaded_at AS first_uploaded_at,
        uploaded_at AS updated_at
    FROM _call_events AS events
    LEFT JOIN repeated ON repeated.call_sid = events.call_sid
    WHERE row_error IS NULL AND repeated.call_sid IS NULL
    UNION ALL
    SELECT
        events.call_sid,
        true AS is_repeated,
        arg_min(entity_id, event_order) FILTER (WHERE kind = 'call' AND entity_id IS NOT NULL) AS entity_id,
        arg_min(row_id, row_order) AS first_row_id,
        arg_max(status, furthest_order_of(status, event_order)) AS status,
        arg_max(provider_status, furthest_order_of(status, event_order)) AS provider_status,
        arg_max(initiated_at, event_order) FILTER (WHERE initiated_at IS NOT NULL) AS started_at,
        min(updated_at) AS first_update_at,
        arg_max(ended_at, event_order) FILTER (WHERE ended_at IS NOT NULL) AS ended_at,
        arg_max(duration_seconds, event_order) FILTER (WHERE duration_seconds IS NOT NULL) AS duration_seconds,
        arg_max(conversation_seconds, event_order) FILTER (WHERE conversation_seconds IS NOT NULL) AS conversation_seconds,
        arg_max(from_number, event_order) FILTER (WHERE from_number IS NOT NULL) AS from_number,
        arg_max(to_number, event_order) FILTER (WHERE to_number IS NOT NULL) AS to_number,
        arg_max(from_phone, event_order) FILTER (WHERE from_phone IS NOT NULL) AS from_phone,
        arg_max(to_phone, event_order) FILTER (WHERE to_phone IS NOT NULL) AS to_phone,
        arg_max(direction, event_order) FILTER (WHERE direction IS NOT NULL) AS direction,
        arg_max(answered_by, event_order) FILTER (WHERE answered_by IS NOT NULL) AS answered_by,
        bool_or(do_not_call) AS do_not_call,
        arg_max(price, event_order) FILTER (WHERE price IS NOT NULL) AS price,
        arg_max(currency, event_order) FILTER (WHERE currency IS NOT NULL) AS currency,
        arg_max(recording_url, event_order) FILTER (WHERE recording_url IS NOT NULL) AS recording_url,
        arg_max(flow_id, event_order) FILTER (WHERE flow_id IS NOT NULL) AS flow_id,
        arg_max(call_metadata, event_order) FILTER (WHERE call_metadata IS NOT NULL) AS call_metadata,
        arg_max(loan_id, event_order) FILTER (WHERE loan_id IS NOT NULL) AS stated_loan_id,
        arg_max(triggered_by_batch, event_order)
        FILTER (WHERE triggered_by_batch IS NOT NULL AND triggered_by_line IS NOT NULL) AS stated_batch,
        arg_max(triggered_by_line, event_order)
        FILTER (WHERE triggered_by_batch IS NOT NULL AND triggered_by_line IS NOT NULL) AS stated_line,
        arg_max(customer_entity, event_order) FILTER (WHERE customer_entity IS NOT NULL) AS customer_entity,
        arg_max(customer_row, event_order) FILTER (WHERE customer_entity IS NOT NULL) AS customer_row,
        arg_max(triggering_upload, event_order) FILTER (WHERE triggering_upload IS NOT NULL) AS triggering_upload,
        arg_max(triggering_row, event_order) FILTER (WHERE triggering_row IS NOT NULL) AS triggering_row,
        max(event_at) AS last_event_at,
        min(stated_created_at) AS stated_created_at,
        min(uploaded_at) AS first_uploaded_at,
        max(uploaded_at) AS updated_at
    FROM _call_events AS events
    JOIN repeated ON repeated.call_sid = events.call_sid
    WHERE row_error IS NULL
    GROUP BY events.call_sid
)

SELECT
    coalesce(entity_id, id_of('call', call_sid)) AS id,
    * EXCLUDE (entity_id, stated_created_at, first_uploaded_at),
    coalesce(started_at, first_update_at, first_uploaded_at) AS called_at,
    least(first_uploaded_at, stated_created_at) AS created_at
FROM statements
