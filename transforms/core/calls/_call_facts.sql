-- Grain: one row per call_sid.
-- Meaning: what a call counts for in every figure: attempt, success, contact, talk, and whose loan it was about.
-- Replace by: call_sid (call)
SELECT
    sessions.call_sid,
    sessions.customer_id,
    attributions.loan_id,
    attributions.loan_ref,
    sessions.triggered_by_batch,
    coalesce(attributions.employee, '(none)') AS employee,
    coalesce(attributions.cluster, '(none)') AS cluster,
    coalesce(attributions.branch, '(none)') AS branch,
    sessions.initiated_at AS called_at,
    CAST(sessions.initiated_at + to_minutes(settings.utc_offset_minutes) AS DATE) AS called_on,
    sessions.status <> 'not_initiated' AS is_attempt,
    sessions.status = 'call_completed' AS is_completed,
    sessions.status = 'disconnected' AS is_disconnected,
    sessions.status = 'failed' AS is_failed,
    sessions.status = 'call_completed'
    AND coalesce(sessions.conversation_seconds, 0) >= settings.contact_seconds
    AND NOT coalesce(is_machine(sessions.answered_by), false) AS is_contact,
    CASE
        WHEN sessions.status = 'call_completed'
            THEN coalesce(sessions.conversation_seconds, sessions.duration_seconds, 0)
        ELSE 0
    END AS talk_seconds
FROM call_sessions AS sessions
JOIN _call_attributions AS attributions ON attributions.call_id = sessions.id
CROSS JOIN settings
