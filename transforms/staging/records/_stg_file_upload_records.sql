-- Grain: one row per record of ours that states an upload of the earlier system.
-- Meaning: an upload whose bytes we do not have, as it was stated.
-- Incremental: upload_id
WITH records AS (
    SELECT
        rows.*,
        row_id_of(uploads.sha256, rows.line_number) AS row_id,
        uploads.source,
        stated_time(rows.uploaded_at) AS uploaded,
        whole_number_of(rows.total_records) AS total,
        whole_number_of(rows.processed_records) AS processed,
        whole_number_of(rows.success_records) AS success,
        whole_number_of(rows.failed_records) AS failed,
        CASE
            WHEN lower(rows.status) IN ('processing', 'completed', 'completed_with_errors', 'failed') THEN lower(rows.status)
            WHEN lower(rows.status) IN ('done', 'success', 'processed') THEN 'completed'
            WHEN lower(rows.status) IN ('partial', 'partially_completed') THEN 'completed_with_errors'
            WHEN lower(rows.status) = 'error' THEN 'failed'
        END AS our_status
    FROM lake.file_upload_rows AS rows
    JOIN lake.uploads AS uploads ON uploads.upload_id = rows.upload_id
)

SELECT
    row_id,
    upload_id,
    line_number,
    row_fingerprint,
    found_errors([
        cell_error('bad_date', 'uploaded_at', 'time', uploaded_at, uploaded),
        cell_error('bad_number', 'total_records', 'number', total_records, total),
        cell_error('bad_number', 'processed_records', 'number', processed_records, processed),
        cell_error('bad_number', 'success_records', 'number', success_records, success),
        cell_error('bad_number', 'failed_records', 'number', failed_records, failed),
        cell_error('bad_value', 'status', 'status', status, our_status)
    ]) AS cell_errors,
    source,
    entity_id,
    filename,
    original_filename,
    file_path,
    uploaded_by,
    uploaded AS uploaded_at,
    CAST(total AS BIGINT) AS total_records,
    CAST(processed AS BIGINT) AS processed_records,
    CAST(success AS BIGINT) AS success_records,
    CAST(failed AS BIGINT) AS failed_records,
    our_status AS status,
    processing_errors
FROM records
