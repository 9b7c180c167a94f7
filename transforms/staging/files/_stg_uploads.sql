-- Grain: one row per upload.
-- Meaning: an upload's facts as it was first sent.
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
)

SELECT
    uploads.upload_id,
    earliest_sightings.filename,
    earliest_sightings.uploaded_by,
    earliest_sightings.uploaded_at,
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
