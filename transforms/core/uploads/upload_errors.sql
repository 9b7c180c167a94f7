-- Grain: one row per upload and error code.
-- Meaning: how many records have the error; a record with several errors counts once for each code.
WITH codes AS (
    SELECT file_upload_id, unnest(error_codes) AS code FROM _upload_row_outcomes WHERE error_codes IS NOT NULL
)

SELECT file_upload_id, code, count(*) AS records
FROM codes
GROUP BY file_upload_id, code
