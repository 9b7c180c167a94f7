-- Grain: one row per staged record that speaks of a borrower and is not reached yet.
-- Meaning: the records that share what was found last, or that a call or a record of ours reached last names.
-- A call may be named by one record and timed by another.
WITH naming AS (
    SELECT
        lower(calls.triggered_by_batch) AS batch, calls.triggered_by_line AS line_number,
        unnest([timed.initiated_at, timed.updated_at, places.uploaded_at]) AS stated_at
    FROM call_rows AS calls
    JOIN new_calls ON new_calls.row_id = calls.row_id
    JOIN call_rows AS timed ON timed.call_sid = calls.call_sid
    JOIN places ON places.upload_id = timed.upload_id
    WHERE calls.triggered_by_batch IS NOT NULL AND calls.triggered_by_line IS NOT NULL
),

named AS (
    SELECT calls.triggered_by_row AS row_id
    FROM was.call_sessions AS calls
    JOIN new_ties AS ties ON ties.kind = 'call' AND ties.name = calls.call_sid
    WHERE calls.triggered_by_row IS NOT NULL
    UNION
    SELECT rows.row_id
    FROM naming
    JOIN _named_uploads AS uploads
        ON
            uploads.batch = naming.batch
            AND naming.stated_at >= uploads.in_force_from AND naming.stated_at < uploads.in_force_to
    JOIN borrower_rows AS rows ON rows.upload_id = uploads.upload_id AND rows.line_number = naming.line_number
),

found AS (
    SELECT rows.row_id
    FROM borrower_rows AS rows
    JOIN new_ties AS ties ON ties.name = rows.loan_id AND ties.kind = 'loan'
    WHERE rows.is_usable
    UNION
    SELECT rows.row_id
    FROM borrower_rows AS rows
    JOIN new_ties AS ties ON ties.name = rows.phone AND ties.kind = 'phone'
    WHERE rows.is_usable
    UNION
    SELECT rows.row_id
    FROM (SELECT row_id, unnest(further_phones) AS phone FROM borrower_rows WHERE further_phones IS NOT NULL AND is_usable) AS rows
    JOIN new_ties AS ties ON ties.name = rows.phone AND ties.kind = 'phone'
    UNION
    SELECT rows.row_id
    FROM borrower_rows AS rows
    JOIN new_ties AS ties ON ties.name = rows.national_id AND ties.kind = 'national id'
    WHERE rows.is_usable
    UNION
    SELECT rows.row_id
    FROM borrower_rows AS rows
    JOIN new_ties AS ties ON TRY_CAST(ties.name AS UUID) = rows.row_id AND ties.kind = 'row'
    UNION
    SELECT rows.row_id
    FROM borrower_rows AS rows
    JOIN new_records ON new_records.row_id = rows.row_id
    UNION
    SELECT named.row_id FROM named
)

SELECT found.row_id
FROM found
LEFT JOIN rows ON rows.row_id = found.row_id
WHERE rows.row_id IS NULL
