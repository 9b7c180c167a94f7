-- Grain: one row per record of ours.
-- Meaning: what changed itself: records of changed uploads, those that speak of one, and those that speak of an upload
--          which other records state and did not, or the other way round.
WITH changed AS (
    SELECT upload_id AS id FROM changed_uploads
    UNION
    SELECT coalesce(earlier.id, now.id) AS id
    FROM was._stated_uploads AS earlier
    FULL JOIN whole._stated_uploads AS now ON now.id = earlier.id
    WHERE earlier.id IS NULL OR now.id IS NULL
)

SELECT ties.row_id
FROM record_ties AS ties
JOIN changed_uploads ON changed_uploads.upload_id = ties.upload_id
UNION
SELECT ties.row_id
FROM record_ties AS ties
JOIN changed ON CAST(changed.id AS VARCHAR) = ties.name AND ties.kind = 'known upload'
