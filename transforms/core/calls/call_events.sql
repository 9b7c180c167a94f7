-- Grain: one row per usable row that speaks of a call.
-- Inputs: stg_call_rows, stg_uploads, call_records, call_entities, loan_entities, loan_renames.
-- Meaning: what a row says of a call, in the order in which things are true: by its own time, then as received.
WITH ordered AS ( -- few columns: what is numbered is sorted as a whole
    SELECT
        rows.row_id,
        uploads.uploaded_at,
        coalesce(rows.updated_at, uploads.uploaded_at) AS event_at,
        row_number() OVER (
            ORDER BY coalesce(rows.updated_at, uploads.uploaded_at), row_order_of(uploads.upload_order, rows.line_number)
        ) AS event_order
    FROM stg_call_rows AS rows
    JOIN stg_uploads AS uploads ON uploads.upload_id = rows.upload_id
    WHERE rows.row_error IS NULL
),

stated AS (
    SELECT
        ordered.*,
        entities.call_sid AS entity_sid,
        loan_entities.loan_id AS entity_loan_id,
        records.entity_id,
        records.customer_entity,
        records.customer_row,
        records.triggering_upload,
        records.triggering_row,
        records.created_at AS stated_created_at
    FROM ordered
    LEFT JOIN call_records AS records ON records.row_id = ordered.row_id
    LEFT JOIN call_entities AS entities ON entities.call_entity = records.call_entity
    LEFT JOIN loan_entities ON loan_entities.loan_entity = records.loan_ref
)

SELECT
    rows.* EXCLUDE (row_fingerprint, is_duplicate, row_error, cell_errors, call_sid, loan_id),
    coalesce(stated.entity_sid, rows.call_sid) AS call_sid,
    coalesce(stated.entity_loan_id, renames.loan_id, rows.loan_id) AS loan_id,
    stated.* EXCLUDE (row_id, entity_sid, entity_loan_id)
FROM stg_call_rows AS rows
JOIN stated ON stated.row_id = rows.row_id
LEFT JOIN loan_renames AS renames ON renames.former_loan_id = rows.loan_id
WHERE coalesce(stated.entity_sid, rows.call_sid) IS NOT NULL
