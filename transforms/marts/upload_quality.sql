-- Grain: one row per upload.
-- Meaning: how good an upload was, and what the calls it triggered came to.
-- Replace by: whole
WITH counts AS (
    SELECT
        file_upload_id,
        count(*) FILTER (WHERE status = 'created') AS created,
        count(*) FILTER (WHERE status = 'matched') AS matched,
        count(*) FILTER (WHERE status <> 'error' AND error_codes IS NOT NULL) AS used_in_part
    FROM _upload_row_outcomes
    GROUP BY file_upload_id
),

calls AS (
    SELECT
        triggered_by_batch,
        count(*) AS calls,
        count(*) FILTER (WHERE is_attempt) AS attempts,
        count(*) FILTER (WHERE is_completed) AS completed
    FROM _call_facts
    WHERE triggered_by_batch IS NOT NULL
    GROUP BY triggered_by_batch
)

SELECT
    uploads.id AS file_upload_id,
    uploads.filename,
    uploads.uploaded_by,
    uploads.uploaded_at,
    uploads.kind,
    uploads.status,
    uploads.total_records,
    coalesce(counts.created, 0) AS created,
    coalesce(counts.matched, 0) AS matched,
    uploads.duplicate_records AS duplicate,
    uploads.failed_records AS error,
    rate(uploads.success_records, uploads.total_records) AS share_good,
    coalesce(counts.used_in_part, 0) AS used_in_part,
    coalesce(calls.calls, 0) AS calls,
    coalesce(calls.attempts, 0) AS attempts,
    coalesce(calls.completed, 0) AS completed,
    rate(calls.completed, calls.attempts) AS success_rate
FROM file_uploads AS uploads
LEFT JOIN counts ON counts.file_upload_id = uploads.id
LEFT JOIN calls ON calls.triggered_by_batch = uploads.id
