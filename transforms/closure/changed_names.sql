-- Grain: one row per name of an upload that changed.
-- Meaning: from when on calls that name it may mean another upload than before: all of them, where no other upload of the
--          name is earlier. A call log or an unread file goes by its id alone.
WITH names AS (
    SELECT lower(sightings.filename) AS batch, sightings.upload_id, places.uploaded_at
    FROM lake.sightings AS sightings
    JOIN places ON places.upload_id = sightings.upload_id
    WHERE places.kind NOT IN ('call_log', 'unknown')
    UNION
    SELECT CAST(upload_id AS VARCHAR) AS batch, upload_id, uploaded_at FROM places
),

changed AS (
    SELECT names.batch, min(names.uploaded_at) AS changed_from
    FROM names
    SEMI JOIN changed_uploads ON changed_uploads.upload_id = names.upload_id
    GROUP BY names.batch
),

others AS (
    SELECT names.batch, min(names.uploaded_at) AS first_at
    FROM names
    ANTI JOIN changed_uploads ON changed_uploads.upload_id = names.upload_id
    GROUP BY names.batch
)

SELECT changed.batch, changed.changed_from, coalesce(changed.changed_from <= others.first_at, true) AS is_first
FROM changed
LEFT JOIN others ON others.batch = changed.batch
