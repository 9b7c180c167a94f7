-- Grain: one row per staged record that speaks of a call and is not reached yet.
-- Meaning: the records that share what was found last, and those of calls that a row reached last has triggered.
WITH triggered AS (
    SELECT calls.call_sid
    FROM was.call_sessions AS calls
    JOIN new_rows ON new_rows.row_id = calls.triggered_by_row
),

found AS (
    SELECT rows.row_id
    FROM call_rows AS rows
    JOIN new_ties AS ties ON ties.name = rows.call_sid AND ties.kind = 'call'
    WHERE rows.is_usable
    UNION
    SELECT rows.row_id
    FROM call_rows AS rows
    JOIN triggered ON triggered.call_sid = rows.call_sid
    WHERE rows.is_usable
    UNION
    SELECT rows.row_id
    FROM call_rows AS rows
    JOIN new_ties AS ties ON ties.name = rows.loan_id AND ties.kind = 'loan'
    UNION
    SELECT rows.row_id
    FROM call_rows AS rows
    JOIN new_ties AS ties ON ties.name = rows.to_phone AND ties.kind = 'phone'
    WHERE rows.is_usable
    UNION
    SELECT rows.row_id
    FROM call_rows AS rows
    JOIN new_ties AS ties ON ties.name = rows.from_phone AND ties.kind = 'phone'
    WHERE rows.is_usable
    UNION
    SELECT rows.row_id
    FROM call_rows AS rows
    JOIN new_records ON new_records.row_id = rows.row_id
)

SELECT found.row_id
FROM found
LEFT JOIN calls ON calls.row_id = found.row_id
WHERE calls.row_id IS NULL
