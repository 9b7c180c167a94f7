-- Grain: one row per call that states the row which triggered it, where there is such a row.
-- Inputs: call_statements, stg_uploads, lake.sightings, row_customers, stated_upload_rows, loans.
-- Meaning: the stated upload (by id or by any name it was sent under) and line, or the row whose id a record of ours states. Of several uploads of one name it is
--          the latest before the call, else the earliest after; a call log or an unread file triggers no call.
WITH calls AS (
    SELECT call_sid, lower(stated_batch) AS batch, stated_line, called_at
    FROM call_statements
    WHERE stated_batch IS NOT NULL
),

names AS (
    SELECT DISTINCT lower(sightings.filename) AS batch, uploads.uploaded_at, uploads.upload_order
    FROM lake.sightings AS sightings
    JOIN stg_uploads AS uploads ON uploads.upload_id = sightings.upload_id
    WHERE uploads.kind NOT IN ('call_log', 'unknown')
    UNION
    SELECT CAST(upload_id AS VARCHAR) AS batch, uploaded_at, upload_order FROM stg_uploads
),

timeline AS (
    SELECT batch, uploaded_at AS moment, 0 AS is_call, upload_order, CAST(NULL AS VARCHAR) AS call_sid FROM names
    UNION ALL
    SELECT batch, called_at AS moment, 1 AS is_call, CAST(NULL AS BIGINT) AS upload_order, call_sid FROM calls
),

found AS (
    SELECT
        call_sid,
        coalesce(
            last_value(upload_order IGNORE NULLS) OVER (
                PARTITION BY batch ORDER BY moment, is_call, upload_order NULLS LAST, call_sid NULLS FIRST
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ),
            first_value(upload_order IGNORE NULLS) OVER (
                PARTITION BY batch ORDER BY moment, is_call, upload_order NULLS LAST, call_sid NULLS FIRST
                ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
            )
        ) AS upload_order
    FROM timeline
),

rows_of_calls AS (
    SELECT calls.call_sid, customers.row_id, customers.upload_id, customers.loan_id, customers.customer_id, 2 AS preference
    FROM found
    JOIN calls ON calls.call_sid = found.call_sid
    JOIN row_customers AS customers ON customers.row_order = row_order_of(found.upload_order, calls.stated_line)
    UNION ALL
    SELECT calls.call_sid, customers.row_id, customers.upload_id, customers.loan_id, customers.customer_id, 1 AS preference
    FROM call_statements AS calls
    JOIN row_customers AS customers ON customers.row_id = calls.triggering_row
    UNION ALL
    SELECT
        calls.call_sid, rows.id AS row_id, rows.file_upload_id AS upload_id, loans.loan_id, loans.customer_id,
        1 AS preference
    FROM call_statements AS calls
    JOIN stated_upload_rows AS rows ON rows.id = calls.triggering_row
    JOIN loans ON loans.id = rows.match_loan_id
)

SELECT call_sid, row_id, upload_id, loan_id, customer_id
FROM rows_of_calls
WHERE customer_id IS NOT NULL AND loan_id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY call_sid ORDER BY preference) = 1
