-- Grain: one row per upload and record that stands in it more than once, cell by cell.
-- Meaning: the line of the first; those below it are duplicates.
-- Incremental: upload_id
WITH rows AS (
    SELECT upload_id, row_fingerprint, line_number FROM lake.borrower_rows
    UNION ALL
    SELECT upload_id, row_fingerprint, line_number FROM lake.call_event_rows
)

SELECT upload_id, row_fingerprint, min(line_number) AS first_line
FROM rows
GROUP BY upload_id, row_fingerprint
HAVING count(*) > 1
