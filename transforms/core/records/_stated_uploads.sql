-- Grain: one row per upload that our records state by its id.
-- Meaning: the latest stated value of every attribute of an upload whose bytes we may not have. Nothing is said of one
--          that was withdrawn.
-- Replace by: lookup
WITH records AS (
    SELECT records.*, uploads.uploaded_at AS stated_at, row_order_of(uploads.upload_order, records.line_number) AS row_order
    FROM _stg_file_upload_records AS records
    JOIN _upload_places AS uploads ON uploads.upload_id = records.upload_id
    LEFT JOIN _known_uploads AS known ON known.upload_id = records.entity_id
    WHERE records.entity_id IS NOT NULL AND known.is_withdrawn IS DISTINCT FROM true
)

SELECT
    entity_id AS id,
    arg_max(source, row_order) AS source,
    arg_max(filename, row_order) FILTER (WHERE filename IS NOT NULL) AS filename,
    arg_max(original_filename, row_order) FILTER (WHERE original_filename IS NOT NULL) AS original_filename,
    arg_max(file_path, row_order) FILTER (WHERE file_path IS NOT NULL) AS file_path,
    arg_max(uploaded_by, row_order) FILTER (WHERE uploaded_by IS NOT NULL) AS uploaded_by,
    coalesce(arg_max(uploaded_at, row_order) FILTER (WHERE uploaded_at IS NOT NULL), min(stated_at)) AS uploaded_at,
    arg_max(total_records, row_order) FILTER (WHERE total_records IS NOT NULL) AS total_records,
    arg_max(processed_records, row_order) FILTER (WHERE processed_records IS NOT NULL) AS processed_records,
    arg_max(success_records, row_order) FILTER (WHERE success_records IS NOT NULL) AS success_records,
    arg_max(failed_records, row_order) FILTER (WHERE failed_records IS NOT NULL) AS failed_records,
    arg_max(status, row_order) FILTER (WHERE status IS NOT NULL) AS status,
    arg_max(processing_errors, row_order) FILTER (WHERE processing_errors IS NOT NULL) AS processing_errors,
    min(stated_at) AS first_stated_at,
    max(stated_at) AS last_stated_at
FROM records
GROUP BY entity_id
