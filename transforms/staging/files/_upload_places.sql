-- Grain: one row per upload.
-- Meaning: the one order of uploads, by time, then by the hash of their bytes. A place moves when an upload arrives before
--          it, so that no table keeps one: places are for comparing within one query.
-- Step: what moves is not kept
SELECT upload_id, sha256, kind, uploaded_at, row_number() OVER (ORDER BY uploaded_at, sha256) AS upload_order
FROM _stg_uploads
