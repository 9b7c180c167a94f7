-- Grain: one row per record of ours that states an upload or a row of one.
-- Meaning: what became of the record: the first that states an upload or a row creates it, a later one is matched.
-- Step: a part of _upload_row_outcomes
WITH records AS (
    SELECT
        records.row_id, records.upload_id, records.line_number, records.row_fingerprint, records.entity_id,
        records.cell_errors, stated.id AS stated_id, CAST(NULL AS UUID) AS match_customer_id,
        CAST(NULL AS UUID) AS match_loan_id
    FROM _stg_file_upload_records AS records
    LEFT JOIN _stated_uploads AS stated ON stated.id = records.entity_id
    UNION ALL
    SELECT
        records.row_id, records.upload_id, records.line_number, records.row_fingerprint, records.entity_id,
        records.cell_errors, stated.id AS stated_id, stated.match_customer_id, stated.match_loan_id
    FROM _stg_upload_row_records AS records
    LEFT JOIN _stated_upload_rows AS stated ON stated.id = records.entity_id
)

SELECT
    records.row_id,
    records.upload_id,
    records.line_number,
    records.row_fingerprint,
    records.cell_errors,
    records.match_customer_id,
    records.match_loan_id,
    CASE WHEN records.stated_id IS NULL THEN 'missing_upload: the record has no id, or its upload is not known or was withdrawn' END AS row_error,
    row_number() OVER (
        PARTITION BY records.entity_id ORDER BY row_order_of(uploads.upload_order, records.line_number)
    ) = 1 AS is_first_sight
FROM records
JOIN _upload_places AS uploads ON uploads.upload_id = records.upload_id
