-- Grain: one row per upload that was not withdrawn.
-- Meaning: the uploads that stand, each with its facts.
-- Replace by: lookup
SELECT * EXCLUDE (is_withdrawn)
FROM _known_uploads
WHERE NOT is_withdrawn
