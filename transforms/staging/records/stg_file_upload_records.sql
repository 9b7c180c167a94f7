-- Grain: one row per record of ours that states an upload of the earlier system.
-- Inputs: lake.file_upload_rows, lake.uploads.
-- Meaning: an upload whose bytes we do not have, as it was stated.
-- Incremental: upload_id
SELECT
    row_id_of(uploads.sha256, rows.line_number) AS row_id,
    rows.upload_id,
    rows.line_number,
    rows.row_fingerprint,
    uploads.source,
    rows.entity_id,
    rows.filename,
    rows.original_filename,
    rows.file_path,
    rows.uploaded_by,
    stated_time(rows.uploaded_at) AS uploaded_at,
    TRY_CAST(rows.total_records AS BIGINT) AS total_records,
    TRY_CAST(rows.processed_records AS BIGINT) AS processed_records,
    TRY_CAST(rows.success_records AS BIGINT) AS success_records,
    TRY_CAST(rows.failed_records AS BIGINT) AS failed_records,
    CASE
        WHEN lower(rows.status) IN ('processing', 'completed', 'completed_with_errors', 'failed') THEN lower(rows.status)
        WHEN lower(rows.status) IN ('done', 'success', 'processed') THEN 'completed'
        WHEN lower(rows.status) IN ('partial', 'partially_completed') THEN 'completed_with_errors'
        WHEN lower(rows.status) = 'error' THEN 'failed'
    END AS status,
    rows.processing_errors
FROM lake.file_upload_rows AS rows
JOIN lake.uploads AS uploads ON uploads.upload_id = rows.upload_id
