-- Grain: one row per call_sid.
-- Meaning: the customer and loan of a call: by the stated row, the stated loan, the stated customer, the number, or
--          nobody's; and how the loan stood then. Among several loans, all as of the call, one with something outstanding
--          comes first, then the latest upload before the call (else the earliest after), then the earliest due date, then
--          loan_id. A customer whom a record of ours states is the call's, however its loan was found.
-- Replace by: call_sid (call)
WITH about AS (
    SELECT call_id, customer_id, loan_id, attribution, upload_row_id
    FROM _call_loan_at_time
    WHERE candidates = 1
    UNION ALL
    SELECT loans.call_id, loans.customer_id, loans.loan_id, loans.attribution, loans.upload_row_id
    FROM _call_loan_at_time AS loans
    JOIN _upload_places AS places ON places.upload_id = loans.stated_by
    WHERE loans.candidates > 1 AND loans.loan_id IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY loans.call_id
        ORDER BY
            CASE WHEN loans.outstanding_amount > 0 THEN 0 ELSE 1 END,
            CASE WHEN loans.is_stated_before THEN -places.upload_order END NULLS LAST,
            places.upload_order,
            loans.next_due_date NULLS LAST,
            loans.loan_id,
            loans.customer_id
    ) = 1
),

known_uploads AS (
    SELECT upload_id AS id FROM _upload_places
    UNION
    SELECT id FROM _stated_uploads
)

SELECT
    calls.id AS call_id,
    calls.call_sid,
    calls.first_row_id,
    coalesce(stated.customer_id, about.customer_id) AS customer_id,
    about.loan_id,
    loan_refs.loan_ref,
    CASE
        WHEN about.attribution IN ('row', 'loan') THEN about.attribution
        WHEN stated.call_id IS NOT NULL THEN 'customer'
        ELSE coalesce(about.attribution, 'none')
    END AS attribution,
    by_row.row_id AS stated_row_id,
    coalesce(by_row.upload_id, known_uploads.id) AS stated_upload_id,
    assignments.file_upload_id,
    assignments.upload_row_id,
    assignments.employee,
    assignments.cluster,
    assignments.branch
FROM _call_statements AS calls
LEFT JOIN _call_stated_customers AS stated ON stated.call_id = calls.id
LEFT JOIN known_uploads ON known_uploads.id = calls.triggering_upload
LEFT JOIN _call_stated_rows AS by_row ON by_row.call_id = calls.id
LEFT JOIN about ON about.call_id = calls.id
LEFT JOIN _loan_assignments AS assignments ON assignments.upload_row_id = about.upload_row_id
LEFT JOIN _loan_refs AS loan_refs ON loan_refs.loan_id = about.loan_id
