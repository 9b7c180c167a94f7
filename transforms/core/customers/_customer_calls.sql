-- Grain: one row per customer who was called.
-- Meaning: the status of the latest call, when something last became of it, when the last call was placed, and when the
--          customer last wished in a call not to be called.
-- Step: a part of customers
WITH calls AS (
    SELECT
        sessions.customer_id, sessions.call_sid, sessions.status, sessions.initiated_at, sessions.created_at,
        statements.last_event_at, statements.called_at, statements.do_not_call
    FROM call_sessions AS sessions
    JOIN _call_statements AS statements ON statements.id = sessions.id
    WHERE sessions.customer_id IS NOT NULL
),

placed AS (
    SELECT
        customer_id,
        max(coalesce(initiated_at, created_at)) AS latest_at,
        max(initiated_at) FILTER (WHERE status <> 'not_initiated') AS last_contact_date,
        max(called_at) FILTER (WHERE do_not_call) AS wished_at
    FROM calls
    GROUP BY customer_id
),

-- Of the calls at one time, the one whose call_sid comes last.
latest AS (
    SELECT
        calls.customer_id,
        arg_max(calls.status, calls.call_sid) AS status,
        arg_max(calls.last_event_at, calls.call_sid) AS last_event_at
    FROM placed
    JOIN calls ON calls.customer_id = placed.customer_id AND coalesce(calls.initiated_at, calls.created_at) = placed.latest_at
    GROUP BY calls.customer_id
)

SELECT latest.customer_id, latest.status, latest.last_event_at, placed.last_contact_date, placed.wished_at
FROM placed
JOIN latest ON latest.customer_id = placed.customer_id
