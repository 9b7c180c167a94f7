-- Grain: one row per usable row of a call log.
-- Inputs: stg_call_rows, stg_uploads.
-- Meaning: what a row says of a call, in the order in which things are true: by its own time, then as received.
SELECT
    rows.* EXCLUDE (row_fingerprint, is_duplicate, row_error, cell_errors),
    uploads.uploaded_at,
    coalesce(rows.updated_at, uploads.uploaded_at) AS event_at,
    row_number() OVER (
        ORDER BY coalesce(rows.updated_at, uploads.uploaded_at), row_order_of(uploads.upload_order, rows.line_number)
    ) AS event_order
FROM stg_call_rows AS rows
JOIN stg_uploads AS uploads ON uploads.upload_id = rows.upload_id
WHERE rows.row_error IS NULL
