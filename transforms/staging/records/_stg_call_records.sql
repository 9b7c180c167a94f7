-- Grain: one row per record of ours that states a call or one of its statuses.
-- Meaning: what such a record states beyond the cells of a call log: its id, and the ids of what it refers to.
-- Incremental: upload_id
WITH records AS (
    SELECT
        'call' AS kind, upload_id, line_number, entity_id, entity_id AS call_entity,
        CASE WHEN NOT is_absent(call_sid) THEN call_sid END AS call_sid,
        stated_id(loan_ref) AS loan_ref, stated_id(customer_id) AS customer_entity,
        stated_id(customer_row) AS customer_row, stated_id(triggering_upload) AS triggering_upload,
        stated_id(triggering_row) AS triggering_row, stated_time(created_at) AS created_at,
        found_errors([
            cell_error('bad_value', 'loan_ref', 'id', loan_ref, stated_id(loan_ref)),
            cell_error('bad_value', 'customer_id', 'id', customer_id, stated_id(customer_id)),
            cell_error('bad_value', 'customer_row', 'id', customer_row, stated_id(customer_row)),
            cell_error('bad_value', 'triggering_upload', 'id', triggering_upload, stated_id(triggering_upload)),
            cell_error('bad_value', 'triggering_row', 'id', triggering_row, stated_id(triggering_row)),
            cell_error('bad_date', 'created_at', 'time', created_at, stated_time(created_at))
        ]) AS cell_errors
    FROM lake.call_rows
    UNION ALL
    SELECT
        'status' AS kind, upload_id, line_number, entity_id, stated_id(call_ref) AS call_entity,
        CASE WHEN NOT is_absent(call_sid) THEN call_sid END AS call_sid,
        CAST(NULL AS UUID) AS loan_ref, CAST(NULL AS UUID) AS customer_entity, CAST(NULL AS UUID) AS customer_row,
        CAST(NULL AS UUID) AS triggering_upload, CAST(NULL AS UUID) AS triggering_row,
        CAST(NULL AS TIMESTAMP) AS created_at,
        found_errors([cell_error('bad_value', 'call_ref', 'id', call_ref, stated_id(call_ref))]) AS cell_errors
    FROM lake.status_rows
)

SELECT
    row_id_of(uploads.sha256, records.line_number) AS row_id,
    records.*
FROM records
JOIN lake.uploads AS uploads ON uploads.upload_id = records.upload_id
