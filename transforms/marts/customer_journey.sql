-- Grain: one row per customer and event.
-- Inputs: loan_snapshots, call_sessions, call_attributions, call_status_updates, payments, settings.
-- Meaning: everything that happened with a person, on one timeline.
WITH calls AS (
    SELECT sessions.*, attributions.loan_id AS loan_number, attributions.called_at
    FROM call_sessions AS sessions
    JOIN call_attributions AS attributions ON attributions.call_sid = sessions.call_sid
    WHERE sessions.customer_id IS NOT NULL
),

events AS (
    SELECT
        id_of('uploaded', CAST(id AS VARCHAR)) AS id, customer_id, valid_from AS event_at, 'uploaded' AS event,
        loan_id, CAST(NULL AS VARCHAR) AS call_sid, CAST(NULL AS VARCHAR) AS status,
        outstanding_amount AS amount, upload_row_id, 1 AS kind_order
    FROM loan_snapshots
    UNION ALL
    SELECT
        id_of('called', call_sid) AS id, customer_id, called_at AS event_at, 'called' AS event,
        loan_number AS loan_id, call_sid, status, CAST(NULL AS DECIMAL(15, 2)) AS amount,
        triggered_by_row AS upload_row_id, 2 AS kind_order
    FROM calls
    WHERE status <> 'not_initiated'
    UNION ALL
    SELECT
        id_of('status', CAST(updates.id AS VARCHAR)) AS id, calls.customer_id, updates.timestamp AS event_at,
        'status' AS event, calls.loan_number AS loan_id, calls.call_sid, updates.status,
        CAST(NULL AS DECIMAL(15, 2)) AS amount, updates.upload_row_id, 3 AS kind_order
    FROM call_status_updates AS updates
    JOIN calls ON calls.id = updates.call_session_id
    UNION ALL
    SELECT
        id_of('paid', loan_id || '|' || CAST(paid_on AS VARCHAR) || '|' || CAST(amount AS VARCHAR)) AS id, customer_id,
        CAST(paid_on AS TIMESTAMP) - to_minutes(settings.utc_offset_minutes) AS event_at, 'paid' AS event,
        loan_id, CAST(NULL AS VARCHAR) AS call_sid, CAST(NULL AS VARCHAR) AS status,
        amount, upload_row_id, 4 AS kind_order
    FROM payments
    CROSS JOIN settings
)

SELECT
    id,
    customer_id,
    row_number() OVER (PARTITION BY customer_id ORDER BY event_at, kind_order, id) AS sequence,
    event_at,
    event,
    loan_id,
    call_sid,
    status,
    amount,
    upload_row_id
FROM events
