-- Grain: one row per upload whose bytes we have.
-- Meaning: an upload and how it came out; total = success + failed + duplicate, always. One that was withdrawn is there
--          without its records.
-- Step: a part of file_uploads.
WITH counts AS (
    SELECT
        file_upload_id,
        count(*) FILTER (WHERE status IN ('created', 'matched')) AS success_records,
        count(*) FILTER (WHERE status = 'error') AS failed_records,
        count(*) FILTER (WHERE status = 'duplicate') AS duplicate_records,
        count(*) FILTER (WHERE error IS NOT NULL) AS reported_records
    FROM _upload_row_outcomes
    GROUP BY file_upload_id
),

errors AS (
    SELECT file_upload_id, json_group_object(code, records) AS codes
    FROM (
        SELECT file_upload_id, code, CAST(sum(records) AS BIGINT) AS records
        FROM upload_errors
        GROUP BY file_upload_id, code
        ORDER BY file_upload_id, code
    ) AS ordered
    GROUP BY file_upload_id
),

date_orders AS (
    SELECT upload_id, json_group_object(field, CASE WHEN day_first THEN 'day first' ELSE 'month first' END) AS date_orders
    FROM (SELECT * FROM _stg_date_orders ORDER BY upload_id, field) AS ordered
    GROUP BY upload_id
)

SELECT
    uploads.upload_id AS id,
    uploads.filename,
    uploads.filename AS original_filename,
    uploads.uploaded_by,
    uploads.uploaded_at,
    uploads.sha256,
    uploads.kind,
    uploads.source,
    CASE WHEN uploads.is_withdrawn THEN 0 ELSE uploads.records END AS total_records,
    CASE WHEN uploads.is_withdrawn THEN 0 ELSE uploads.records END AS processed_records,
    coalesce(counts.success_records, 0) AS success_records,
    coalesce(counts.failed_records, 0) AS failed_records,
    coalesce(counts.duplicate_records, 0) AS duplicate_records,
    CASE
        WHEN uploads.is_withdrawn THEN 'withdrawn'
        WHEN uploads.message IS NOT NULL THEN 'failed'
        WHEN counts.reported_records > 0 THEN 'completed_with_errors'
        ELSE 'completed'
    END AS status,
    CASE
        WHEN uploads.message IS NOT NULL OR errors.codes IS NOT NULL
            THEN json_object('message', uploads.message, 'codes', errors.codes)
    END AS processing_errors,
    CAST(uploads.column_mapping AS JSON) AS column_mapping,
    date_orders.date_orders,
    uploads.encoding,
    uploads.delimiter,
    uploads.header_lines,
    uploads.record_lines,
    uploads.blank_lines,
    uploads.other_lines,
    uploads.physical_lines,
    CAST(uploads.notes AS JSON) AS reading_notes,
    uploads.times_sent,
    uploads.uploaded_at AS created_at,
    uploads.last_seen_at AS updated_at
FROM _known_uploads AS uploads
LEFT JOIN counts ON counts.file_upload_id = uploads.upload_id
LEFT JOIN errors ON errors.file_upload_id = uploads.upload_id
LEFT JOIN date_orders ON date_orders.upload_id = uploads.upload_id
