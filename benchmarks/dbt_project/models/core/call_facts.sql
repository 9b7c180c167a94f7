SELECT
    sessions.call_sid,
    sessions.loan_id AS loan_ref,
    sessions.triggered_by_batch,
    coalesce(attributions.employee_id, '(none)') AS employee,
    coalesce(attributions.cluster, '(none)') AS cluster,
    coalesce(attributions.branch, '(none)') AS branch,
    sessions.initiated_at AS called_at,
    CAST(sessions.initiated_at + to_minutes({{ var('utc_offset_minutes') }}) AS DATE) AS called_on,
    sessions.status <> 'not_initiated' AS is_attempt,
    sessions.status = 'call_completed' AS is_completed,
    sessions.status = 'disconnected' AS is_disconnected,
    sessions.status = 'failed' AS is_failed,
    is_completed AND coalesce(sessions.conversation_seconds, 0) >= {{ var('contact_seconds') }} AS is_contact,
    CASE
        WHEN is_completed THEN coalesce(sessions.conversation_seconds, sessions.duration_seconds, 0) ELSE 0
    END AS talk_seconds
FROM {{ ref('call_sessions') }} AS sessions
LEFT JOIN {{ ref('int_call_attributions') }} AS attributions ON attributions.call_sid = sessions.call_sid
