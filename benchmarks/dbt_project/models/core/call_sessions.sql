SELECT
    md5(calls.call_sid) AS id,
    calls.call_sid,
    attributions.loan_ref AS loan_id,
    attributions.customer_id,
    calls.initiated_at,
    calls.ended_at,
    calls.status,
    calls.provider_status,
    calls.duration_seconds,
    calls.conversation_seconds,
    calls.from_number,
    calls.to_number,
    calls.direction,
    calls.price,
    coalesce(attributions.attribution, 'none') AS attribution,
    attributions.file_upload_id AS triggered_by_batch,
    attributions.loan_snapshot_id,
    calls.uploaded_at AS updated_at
FROM {{ ref('int_calls') }} AS calls
LEFT JOIN {{ ref('int_call_attributions') }} AS attributions ON attributions.call_sid = calls.call_sid
