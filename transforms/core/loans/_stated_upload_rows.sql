-- Grain: one row per row of an upload that our records state by its id.
-- Meaning: such a row as it was stated last, under the ids that its customer and loan have here. The earlier system left
--          rows pending for ever: one that has found its loan or customer is matched, any other is an error.
-- Replace by: id (row)
WITH records AS (
    SELECT records.*
    FROM _stg_upload_row_records AS records
    JOIN _upload_places AS uploads ON uploads.upload_id = records.upload_id
    JOIN (
        SELECT id FROM _stated_uploads
        UNION
        SELECT upload_id AS id FROM _upload_places
    ) AS known ON known.id = records.file_upload_id
    WHERE records.entity_id IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY records.entity_id ORDER BY uploads.upload_order DESC, records.line_number DESC
    ) = 1
),

matched AS (
    SELECT
        records.*,
        coalesce(entities.customer_id, origins.customer_id) AS match_customer_id,
        coalesce(by_record.id, by_id.id) AS match_loan_id
    FROM records
    LEFT JOIN _customer_id_map AS entities ON entities.customer_entity = records.customer_entity
    LEFT JOIN _row_customers AS origins ON origins.row_id = records.customer_row
    LEFT JOIN _loan_id_map AS loan_id_map ON loan_id_map.loan_entity = records.loan_ref
    LEFT JOIN loans AS by_record ON by_record.loan_key = loan_id_map.loan_id
    LEFT JOIN loans AS by_id ON by_id.id = records.loan_ref
),

outcomes AS (
    SELECT
        *,
        CASE
            WHEN stated_status IN ('created', 'matched', 'duplicate') THEN stated_status
            WHEN stated_status IN ('error', 'failed', 'invalid') THEN 'error'
            WHEN coalesce(match_customer_id, match_loan_id) IS NOT NULL THEN 'matched'
            ELSE 'error'
        END AS status
    FROM matched
)

SELECT
    entity_id AS id,
    file_upload_id,
    stated_line_number AS line_number,
    phone_normalized,
    loan_id_text,
    coalesce(stated_row_fingerprint, row_fingerprint) AS row_fingerprint,
    match_customer_id,
    match_loan_id,
    CASE WHEN match_method IN ('created', 'fingerprint', 'national_id', 'phone', 'loan_id', 'linked') THEN match_method END AS match_method,
    matched_at,
    status,
    CASE WHEN status = 'error' THEN 'earlier_error: the earlier system could not use the row, or never said what became of it' END AS error,
    stated_error,
    row_id,
    upload_id AS record_upload_id,
    outcomes.line_number AS record_line_number
FROM outcomes
