-- Grain: one row per upload, branch and error code.
-- Meaning: how many records of which branch have the error, as far as records state one; a record with several errors
--          counts once for each code.
-- Replace by: whole
WITH codes AS (
    SELECT file_upload_id, coalesce(branch_key, '(none)') AS branch_key, unnest(error_codes) AS code
    FROM _upload_row_outcomes
    WHERE error_codes IS NOT NULL
),

names AS (
    SELECT upload_id AS file_upload_id, filename FROM _stg_uploads
    UNION ALL
    SELECT stated.id, coalesce(stated.filename, stated.original_filename, '(unnamed)')
    FROM _stated_uploads AS stated
    LEFT JOIN _stg_uploads AS received ON received.upload_id = stated.id
    WHERE received.upload_id IS NULL
)

SELECT codes.file_upload_id, names.filename, codes.branch_key, codes.code, count(*) AS records
FROM codes
JOIN names ON names.file_upload_id = codes.file_upload_id
GROUP BY codes.file_upload_id, names.filename, codes.branch_key, codes.code
