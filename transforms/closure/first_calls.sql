-- Grain: one row per staged record that speaks of a call.
-- Meaning: what changed itself: records of changed uploads, those that name one, those with a number that is a contact's
--          at one time only, and those of calls after a loan book that states again what is known. A call may be named by one record and timed by another.
WITH times AS (
    SELECT rows.call_sid, rows.initiated_at AS stated_at FROM call_rows AS rows
    UNION ALL
    SELECT rows.call_sid, rows.updated_at AS stated_at FROM call_rows AS rows
    UNION ALL
    SELECT rows.call_sid, places.uploaded_at AS stated_at
    FROM call_rows AS rows
    JOIN places ON places.upload_id = rows.upload_id
),

naming AS (
    SELECT rows.row_id, rows.call_sid, names.changed_from, names.is_first
    FROM call_rows AS rows
    JOIN changed_names AS names ON names.batch = lower(rows.triggered_by_batch)
    WHERE rows.triggered_by_line IS NOT NULL
),

-- From then on, loans stand as records say that may state again what is known.
stands_from AS (
    SELECT min(places.uploaded_at) AS stands_from
    FROM candidates
    JOIN places ON places.upload_id = candidates.upload_id
),

contacts_that_changed AS (
    SELECT phone FROM contacts WHERE NOT is_lasting
)

SELECT rows.row_id
FROM call_rows AS rows
JOIN changed_uploads ON changed_uploads.upload_id = rows.upload_id
UNION
SELECT rows.row_id
FROM call_rows AS rows
JOIN contacts_that_changed ON contacts_that_changed.phone = rows.to_phone
UNION
SELECT rows.row_id
FROM call_rows AS rows
JOIN contacts_that_changed ON contacts_that_changed.phone = rows.from_phone
UNION
SELECT row_id FROM naming WHERE is_first
UNION
SELECT naming.row_id
FROM naming
JOIN times ON times.call_sid = naming.call_sid
WHERE times.stated_at >= naming.changed_from
UNION
SELECT rows.row_id
FROM call_rows AS rows
JOIN places ON places.upload_id = rows.upload_id
JOIN stands_from ON stands_from.stands_from <= greatest(rows.initiated_at, rows.updated_at, places.uploaded_at)
