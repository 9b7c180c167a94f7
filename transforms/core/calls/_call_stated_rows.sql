-- Grain: one row per call that states the row which triggered it, where there is such a row.
-- Meaning: the stated upload (by id or by any name it was sent under) and line, or the row whose id a record of ours
--          states. Of several uploads of one name it is the latest before the call, else the earliest after; a call log or
--          an unread file triggers no call.
WITH named_lines AS (
    SELECT calls.id AS call_id, uploads.upload_id, calls.stated_line AS line_number
    FROM _call_statements AS calls
    JOIN _named_uploads
        AS uploads ON uploads.batch = lower(calls.stated_batch)
    AND calls.called_at >= uploads.in_force_from AND calls.called_at < uploads.in_force_to
),

rows_of_calls AS (
    SELECT lines.call_id, customers.row_id, customers.upload_id, customers.loan_id, customers.customer_id, 2 AS preference
    FROM named_lines AS lines
    JOIN _row_customers AS customers ON customers.upload_id = lines.upload_id AND customers.line_number = lines.line_number
    UNION ALL
    SELECT calls.id AS call_id, customers.row_id, customers.upload_id, customers.loan_id, customers.customer_id, 1 AS preference
    FROM _call_statements AS calls
    JOIN _row_customers AS customers ON customers.row_id = calls.triggering_row
    UNION ALL
    SELECT
        calls.id AS call_id, rows.id AS row_id, rows.file_upload_id AS upload_id, loans.loan_key AS loan_id,
        loans.customer_id,
        1 AS preference
    FROM _call_statements AS calls
    JOIN _stated_upload_rows AS rows ON rows.id = calls.triggering_row
    JOIN loans ON loans.id = rows.match_loan_id
)

SELECT call_id, row_id, upload_id, loan_id, customer_id
FROM rows_of_calls
WHERE loan_id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY call_id ORDER BY preference) = 1
