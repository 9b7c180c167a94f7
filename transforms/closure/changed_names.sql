-- Grain: one row per name of an upload that changed.
-- Meaning: from when on calls that name it may mean another upload than before: all of them, where it is or was the first.
WITH names AS (
    SELECT lower(sightings.filename) AS batch, sightings.upload_id FROM lake.sightings AS sightings
    UNION
    SELECT CAST(upload_id AS VARCHAR) AS batch, upload_id FROM places
),

firsts AS (
    SELECT names.batch, min(places.uploaded_at) AS first_at
    FROM names
    JOIN places ON places.upload_id = names.upload_id
    GROUP BY names.batch
)

SELECT names.batch, min(places.uploaded_at) AS changed_from, min(places.uploaded_at) <= firsts.first_at AS is_first
FROM names
JOIN changed_uploads ON changed_uploads.upload_id = names.upload_id
JOIN places ON places.upload_id = names.upload_id
JOIN firsts ON firsts.batch = names.batch
GROUP BY names.batch, firsts.first_at
