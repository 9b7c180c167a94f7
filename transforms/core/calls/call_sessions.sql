-- Grain: one row per call_sid.
-- Meaning: a call, what came of it, whom it was for, and the line of the upload that triggered it.
-- Replace by: call_sid (call)
WITH in_batch AS (
    SELECT attributions.call_id, snapshots.upload_row_id
    FROM _call_attributions AS attributions
    JOIN loan_snapshots AS snapshots
        ON snapshots.file_upload_id = attributions.stated_upload_id AND snapshots.loan_key = attributions.loan_id
    WHERE attributions.stated_upload_id IS NOT NULL AND attributions.stated_row_id IS NULL
)

SELECT
    calls.id,
    calls.call_sid,
    attributions.loan_ref AS loan_id,
    attributions.customer_id,
    coalesce(calls.started_at, calls.first_update_at) AS initiated_at,
    calls.ended_at,
    calls.status,
    calls.provider_status,
    calls.duration_seconds,
    calls.conversation_seconds,
    calls.from_number,
    calls.to_number,
    calls.direction,
    calls.answered_by,
    calls.price,
    calls.currency,
    calls.recording_url,
    calls.flow_id,
    attributions.attribution,
    coalesce(attributions.stated_upload_id, attributions.file_upload_id) AS triggered_by_batch,
    CASE
        WHEN attributions.stated_upload_id IS NULL THEN attributions.upload_row_id
        ELSE coalesce(attributions.stated_row_id, in_batch.upload_row_id)
    END AS triggered_by_row,
    calls.call_metadata,
    calls.created_at,
    calls.updated_at
FROM _call_statements AS calls
JOIN _call_attributions AS attributions ON attributions.call_id = calls.id
LEFT JOIN in_batch ON in_batch.call_id = calls.id
