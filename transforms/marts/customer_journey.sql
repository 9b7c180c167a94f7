-- Grain: one row per customer and event.
-- Meaning: everything that happened with a person, on one timeline.
-- View: it strings together what published tables say
-- Of one moment: what was uploaded, then the call, then its updates in their order, then what was paid.
WITH events AS (
    SELECT
        snapshots.id AS source_id, snapshots.customer_id, valid_from AS event_at, 'uploaded' AS event, loans.loan_id, CAST(NULL AS VARCHAR) AS call_sid,
        CAST(NULL AS VARCHAR) AS status, snapshots.outstanding_amount AS amount, upload_row_id, 1 AS kind_order, 1 AS place
    FROM loan_snapshots AS snapshots
    JOIN loans ON loans.id = snapshots.loan_ref
    UNION ALL
    SELECT
        calls.id AS source_id, calls.customer_id, coalesce(calls.initiated_at, calls.created_at) AS event_at,
        'called' AS event, loans.loan_id, calls.call_sid, calls.status, CAST(NULL AS DECIMAL(15, 2)) AS amount,
        calls.triggered_by_row AS upload_row_id, 2 AS kind_order, 1 AS place
    FROM call_sessions AS calls
    LEFT JOIN loans ON loans.id = calls.loan_id
    WHERE calls.customer_id IS NOT NULL AND calls.status <> 'not_initiated'
    UNION ALL
    SELECT
        updates.id AS source_id, calls.customer_id, updates.timestamp AS event_at, 'status' AS event, loans.loan_id,
        calls.call_sid, updates.status, CAST(NULL AS DECIMAL(15, 2)) AS amount, updates.upload_row_id, 3 AS kind_order,
        updates.sequence AS place
    FROM call_status_updates AS updates
    JOIN call_sessions AS calls ON calls.id = updates.call_session_id
    LEFT JOIN loans ON loans.id = calls.loan_id
    WHERE calls.customer_id IS NOT NULL
    UNION ALL
    SELECT
        id AS source_id, customer_id, paid_at AS event_at, 'paid' AS event, loan_id, CAST(NULL AS VARCHAR) AS call_sid,
        CAST(NULL AS VARCHAR) AS status, amount, upload_row_id, 4 AS kind_order, 1 AS place
    FROM payments
)

SELECT
    id_of(event, CAST(source_id AS VARCHAR)) AS id,
    customer_id,
    row_number() OVER (PARTITION BY customer_id ORDER BY event_at, kind_order, place, source_id) AS sequence,
    event_at,
    event,
    loan_id,
    call_sid,
    status,
    amount,
    upload_row_id
FROM events
