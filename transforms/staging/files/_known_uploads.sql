-- Grain: one row per upload.
-- Meaning: an upload's facts as it was first sent, or as a person has corrected them since; of several corrections the
--          one made last counts.
-- Step: uploads that stand go on from here; those that were withdrawn end in file_uploads.
WITH uploads AS (
    SELECT * FROM lake.uploads
),

sightings AS (
    SELECT
        *,
        count(*) OVER (PARTITION BY upload_id) AS times_sent,
        max(uploaded_at) OVER (PARTITION BY upload_id) AS last_seen_at
    FROM lake.sightings
),

earliest_sightings AS (
    SELECT * FROM sightings
    QUALIFY row_number() OVER (PARTITION BY upload_id ORDER BY uploaded_at, filename, uploaded_by) = 1
),

corrections AS (
    SELECT * FROM lake.corrections
    QUALIFY row_number() OVER (PARTITION BY upload_id ORDER BY made_at DESC) = 1
)

SELECT
    uploads.upload_id,
    earliest_sightings.filename,
    coalesce(corrections.uploaded_by, earliest_sightings.uploaded_by) AS uploaded_by,
    coalesce(corrections.uploaded_at, earliest_sightings.uploaded_at) AS uploaded_at,
    coalesce(corrections.is_withdrawn, false) AS is_withdrawn,
    uploads.sha256,
    uploads.kind,
    coalesce(uploads.source, 'file') AS source,
    uploads.records,
    uploads.message,
    uploads.column_mapping,
    uploads.encoding,
    uploads.delimiter,
    uploads.header_lines,
    uploads.record_lines,
    uploads.blank_lines,
    uploads.other_lines,
    uploads.physical_lines,
    uploads.notes,
    earliest_sightings.times_sent,
    earliest_sightings.last_seen_at
FROM uploads
JOIN earliest_sightings ON earliest_sightings.upload_id = uploads.upload_id
LEFT JOIN corrections ON corrections.upload_id = uploads.upload_id
