-- Grain: one row per call_sid.
-- Inputs: call_statements, call_stated_customers, call_loan_at_time, call_phone_candidates, stg_uploads, stated_uploads,
--         call_stated_rows.
-- Meaning: the customer and loan of a call: by the stated row, the stated loan, the stated customer, the number, or
--          nobody's; and how the loan stood then. Among several loans, all as of the call, one with something outstanding
--          comes first, then the latest upload before the call (else the earliest after), then the earliest due date, then
--          loan_id. A customer whom a record of ours states is the call's, however its loan was found.
WITH about AS (
    SELECT *
    FROM call_loan_at_time
    QUALIFY row_number() OVER (
        PARTITION BY call_sid
        ORDER BY
            CASE WHEN outstanding_amount > 0 THEN 0 ELSE 1 END,
            CASE WHEN is_stated_before THEN 0 ELSE 1 END,
            CASE WHEN is_stated_before THEN -upload_order ELSE upload_order END,
            next_due_date NULLS LAST,
            loan_id,
            customer_id
    ) = 1
),

-- The one customer of a number who has no loan.
without_loan AS (
    SELECT call_sid, min(customer_id) AS customer_id, min(attribution) AS attribution
    FROM call_phone_candidates
    GROUP BY call_sid
    HAVING count(*) = 1 AND count(loan_id) = 0
),

known_uploads AS (
    SELECT upload_id AS id FROM stg_uploads
    UNION
    SELECT id FROM stated_uploads
)

SELECT
    calls.call_sid,
    calls.called_at,
    coalesce(stated.customer_id, about.customer_id, without_loan.customer_id) AS customer_id,
    about.loan_id,
    CASE
        WHEN about.attribution IN ('row', 'loan') THEN about.attribution
        WHEN stated.call_sid IS NOT NULL THEN 'customer'
        ELSE coalesce(about.attribution, without_loan.attribution, 'none')
    END AS attribution,
    by_row.row_id AS stated_row_id,
    coalesce(by_row.upload_id, known_uploads.id) AS stated_upload_id,
    about.file_upload_id,
    about.upload_row_id,
    about.employee,
    about.cluster,
    about.branch
FROM call_statements AS calls
LEFT JOIN call_stated_customers AS stated ON stated.call_sid = calls.call_sid
LEFT JOIN known_uploads ON known_uploads.id = calls.triggering_upload
LEFT JOIN call_stated_rows AS by_row ON by_row.call_sid = calls.call_sid
LEFT JOIN about ON about.call_sid = calls.call_sid
LEFT JOIN without_loan ON without_loan.call_sid = calls.call_sid
