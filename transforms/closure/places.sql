-- Grain: one row per upload, before and after.
-- Meaning: when it was sent and what it is, as it was said and as it is said now.
SELECT upload_id, uploaded_at, kind FROM was._stg_uploads
UNION
SELECT upload_id, uploaded_at, kind FROM whole._stg_uploads
