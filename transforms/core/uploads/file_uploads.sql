-- Grain: one row per upload.
-- Meaning: uploads whose bytes we have, with the status that our records state since; then those that we know by our
--          records only. An import's batch that stayed at processing has ended as its rows say, or has failed.
-- Replace by: whole
WITH counts AS (
    SELECT
        file_upload_id,
        count(*) AS records,
        count(*) FILTER (WHERE status IN ('created', 'matched')) AS success_records,
        count(*) FILTER (WHERE status = 'error') AS failed_records,
        count(*) FILTER (WHERE status = 'duplicate') AS duplicate_records
    FROM _stated_upload_rows
    GROUP BY file_upload_id
),

stated AS (
    SELECT
        uploads.*,
        uploads.source = 'import' AND counts.records IS NOT NULL AS is_counted,
        coalesce(counts.records, 0) AS found_records,
        coalesce(counts.success_records, 0) AS found_success,
        coalesce(counts.failed_records, 0) AS found_failed,
        coalesce(counts.duplicate_records, 0) AS found_duplicate
    FROM _stated_uploads AS uploads
    LEFT JOIN _received_uploads AS received ON received.id = uploads.id
    LEFT JOIN counts ON counts.file_upload_id = uploads.id
    WHERE received.id IS NULL
),

ended AS (
    SELECT
        *,
        source = 'import' AND coalesce(status, 'processing') = 'processing' AS is_left_open,
        CASE WHEN is_counted THEN found_records ELSE coalesce(total_records, processed_records, 0) END AS total,
        CASE WHEN is_counted THEN found_records ELSE coalesce(processed_records, CASE WHEN NOT is_left_open THEN total_records END, 0) END AS processed,
        CASE WHEN is_counted THEN found_failed ELSE coalesce(failed_records, 0) END AS failed
    FROM stated
)

SELECT
    received.id,
    received.filename,
    coalesce(stated_uploads.original_filename, received.original_filename) AS original_filename,
    stated_uploads.file_path,
    received.uploaded_by,
    received.uploaded_at,
    received.sha256,
    received.kind,
    received.source,
    received.total_records,
    received.processed_records,
    received.success_records,
    received.failed_records,
    received.duplicate_records,
    coalesce(stated_uploads.status, received.status) AS status,
    coalesce(json_of(stated_uploads.processing_errors), received.processing_errors) AS processing_errors,
    received.column_mapping,
    received.date_orders,
    received.encoding,
    received.delimiter,
    received.header_lines,
    received.record_lines,
    received.blank_lines,
    received.other_lines,
    received.physical_lines,
    received.reading_notes,
    received.times_sent,
    received.created_at,
    received.updated_at
FROM _received_uploads AS received
LEFT JOIN _stated_uploads AS stated_uploads ON stated_uploads.id = received.id
UNION ALL
SELECT
    id,
    coalesce(filename, original_filename, '(unnamed)') AS filename,
    coalesce(original_filename, filename) AS original_filename,
    file_path,
    uploaded_by,
    uploaded_at,
    CAST(NULL AS VARCHAR) AS sha256,
    'loan_book' AS kind,
    source,
    total AS total_records,
    processed AS processed_records,
    CASE
        WHEN is_counted THEN found_success ELSE coalesce(success_records, greatest(processed - failed, 0))
    END AS success_records,
    failed AS failed_records,
    found_duplicate AS duplicate_records,
    CASE
        WHEN is_left_open AND (processed = 0 OR processed < total) THEN 'failed'
        WHEN is_left_open AND failed > 0 THEN 'completed_with_errors'
        WHEN is_left_open THEN 'completed'
        ELSE coalesce(status, 'processing')
    END AS status,
    json_of(processing_errors) AS processing_errors,
    CAST(NULL AS JSON) AS column_mapping,
    CAST(NULL AS JSON) AS date_orders,
    CAST(NULL AS VARCHAR) AS encoding,
    CAST(NULL AS VARCHAR) AS delimiter,
    CAST(NULL AS BIGINT) AS header_lines,
    CAST(NULL AS BIGINT) AS record_lines,
    CAST(NULL AS BIGINT) AS blank_lines,
    CAST(NULL AS BIGINT) AS other_lines,
    CAST(NULL AS BIGINT) AS physical_lines,
    CAST(NULL AS JSON) AS reading_notes,
    1 AS times_sent,
    first_stated_at AS created_at,
    last_stated_at AS updated_at
FROM ended
