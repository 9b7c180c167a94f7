-- Grain: one row per upload and date column.
-- Meaning: whether 05/03 is the 5th of March in this column: what the majority of its unambiguous values says.
-- Incremental: upload_id
WITH cells AS (
    SELECT upload_id, 'next_due_date' AS field, next_due_date AS cell FROM lake.borrower_rows
    UNION ALL
    SELECT upload_id, 'last_paid_date' AS field, last_paid_date AS cell FROM lake.borrower_rows
    UNION ALL
    SELECT upload_id, 'initiated_at' AS field, initiated_at AS cell FROM lake.call_event_rows
    UNION ALL
    SELECT upload_id, 'ended_at' AS field, ended_at AS cell FROM lake.call_event_rows
    UNION ALL
    SELECT upload_id, 'updated_at' AS field, updated_at AS cell FROM lake.call_event_rows
),

-- ISO dates say nothing about the question and are most of what comes.
evidence AS (
    SELECT upload_id, field, day_first_evidence(cell) AS evidence
    FROM cells
    WHERE cell IS NOT NULL AND NOT regexp_matches(cell, '^[0-9]{4}-')
)

SELECT
    upload_id,
    field,
    count(*) FILTER (WHERE evidence = 1) AS day_first_cells,
    count(*) FILTER (WHERE evidence = -1) AS month_first_cells,
    count(*) FILTER (WHERE evidence = 1) >= count(*) FILTER (WHERE evidence = -1) AS day_first
FROM evidence
GROUP BY upload_id, field
