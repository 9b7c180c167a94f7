-- Grain: one row per upload and error code.
-- Inputs: upload_row_outcomes.
-- Meaning: how many records have the error; a usable record with several bad cells counts once for each code.
WITH reported AS (
    SELECT id, file_upload_id, error FROM upload_row_outcomes WHERE error IS NOT NULL
),

codes AS (
    SELECT DISTINCT id, file_upload_id, split_part(trim(part, ' '), ':', 1) AS code
    FROM (SELECT id, file_upload_id, unnest(string_split(error, '; ')) AS part FROM reported) AS parts
    WHERE contains(part, ': ')
)

SELECT file_upload_id, code, count(*) AS records
FROM codes
GROUP BY file_upload_id, code
