-- Grain: one row per record of ours that states a call or one of its statuses.
-- Inputs: lake.call_rows, lake.status_rows, lake.uploads.
-- Meaning: what such a record states beyond the cells of a call log: its id, and the ids of what it refers to.
-- Incremental: upload_id
WITH records AS (
    SELECT
        'call' AS kind, upload_id, line_number, entity_id, entity_id AS call_entity,
        CASE WHEN NOT is_absent(call_sid) THEN call_sid END AS call_sid,
        TRY_CAST(loan_ref AS UUID) AS loan_ref, TRY_CAST(customer_id AS UUID) AS customer_entity,
        TRY_CAST(customer_row AS UUID) AS customer_row, TRY_CAST(triggering_upload AS UUID) AS triggering_upload,
        TRY_CAST(triggering_row AS UUID) AS triggering_row, stated_time(created_at) AS created_at
    FROM lake.call_rows
    UNION ALL
    SELECT
        'status' AS kind, upload_id, line_number, entity_id, TRY_CAST(call_ref AS UUID) AS call_entity,
        CASE WHEN NOT is_absent(call_sid) THEN call_sid END AS call_sid,
        CAST(NULL AS UUID) AS loan_ref, CAST(NULL AS UUID) AS customer_entity, CAST(NULL AS UUID) AS customer_row,
        CAST(NULL AS UUID) AS triggering_upload, CAST(NULL AS UUID) AS triggering_row,
        CAST(NULL AS TIMESTAMP) AS created_at
    FROM lake.status_rows
)

SELECT row_id_of(uploads.sha256, records.line_number) AS row_id, records.*
FROM records
JOIN lake.uploads AS uploads ON uploads.upload_id = records.upload_id
