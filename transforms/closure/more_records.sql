-- Grain: one row per record of ours that is not reached yet.
-- Meaning: the records that share what was found last, and those whose row was reached last.
WITH found AS (
    SELECT records.row_id
    FROM record_ties AS records
    JOIN new_ties AS ties ON ties.kind = records.kind AND ties.name = records.name
    UNION
    SELECT records.row_id
    FROM record_ties AS records
    JOIN new_rows ON new_rows.row_id = records.row_id
    UNION
    SELECT records.row_id
    FROM record_ties AS records
    JOIN new_calls ON new_calls.row_id = records.row_id
)

SELECT found.row_id
FROM found
LEFT JOIN records ON records.row_id = found.row_id
WHERE records.row_id IS NULL
