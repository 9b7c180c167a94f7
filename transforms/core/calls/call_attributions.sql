-- Grain: one row per call_sid.
-- Inputs: call_statements, call_stated_customers, call_stated_rows, loans, call_number_choices, stg_uploads,
--         stated_uploads.
-- Meaning: the customer and loan of a call: by the stated row, the stated loan, the stated customer, the number, or
--          nobody's. A customer whom a record of ours states is the call's, however its loan was found.
WITH known_uploads AS (
    SELECT upload_id AS id FROM stg_uploads
    UNION
    SELECT id FROM stated_uploads
)

SELECT
    calls.call_sid,
    calls.called_at,
    coalesce(stated.customer_id, by_row.customer_id, loans.customer_id, by_number.customer_id) AS customer_id,
    coalesce(by_row.loan_id, loans.loan_id, by_number.loan_id) AS loan_id,
    by_row.row_id AS stated_row_id,
    coalesce(by_row.upload_id, known_uploads.id) AS stated_upload_id,
    CASE
        WHEN by_row.call_sid IS NOT NULL THEN 'row'
        WHEN loans.loan_id IS NOT NULL THEN 'loan'
        WHEN stated.call_sid IS NOT NULL THEN 'customer'
        WHEN by_number.is_ambiguous THEN 'number_ambiguous'
        WHEN by_number.call_sid IS NOT NULL THEN 'number'
        ELSE 'none'
    END AS attribution
FROM call_statements AS calls
LEFT JOIN call_stated_customers AS stated ON stated.call_sid = calls.call_sid
LEFT JOIN known_uploads ON known_uploads.id = calls.triggering_upload
LEFT JOIN call_stated_rows AS by_row ON by_row.call_sid = calls.call_sid
LEFT JOIN loans ON loans.loan_id = calls.stated_loan_id
LEFT JOIN call_number_choices AS by_number ON by_number.call_sid = calls.call_sid
