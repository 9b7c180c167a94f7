-- Grain: one row per upload and name that a call may name it by: its id, or a name that it was sent under.
-- Meaning: for calls of which time the name stands for the upload: of several uploads of one name it is the latest before
--          the call, else the earliest after; a call log or an unread file triggers no call.
-- Step: names are few
WITH names AS (
    SELECT DISTINCT lower(sightings.filename) AS batch, places.upload_id, places.uploaded_at, places.upload_order
    FROM lake.sightings AS sightings
    JOIN _upload_places AS places ON places.upload_id = sightings.upload_id
    WHERE places.kind NOT IN ('call_log', 'unknown')
    UNION
    SELECT CAST(upload_id AS VARCHAR) AS batch, upload_id, uploaded_at, upload_order FROM _upload_places
)

SELECT
    batch,
    upload_id,
    in_force_from(uploaded_at, lag(uploaded_at) OVER uploads_of_name) AS in_force_from,
    in_force_to(lead(uploaded_at) OVER uploads_of_name) AS in_force_to
FROM names
WINDOW uploads_of_name AS (PARTITION BY batch ORDER BY upload_order)
