-- Grain: one row per record that speaks of a borrower or a loan.
-- Meaning: whom the record was about, what ties it to an earlier row of its customer (the strongest that holds), and what
--          was wrong with it.
-- Step: a part of _upload_row_outcomes
WITH numbered AS (
    SELECT rows.*, row_order_of(places.upload_order, rows.line_number) AS row_order
    FROM _row_customers AS rows
    JOIN _upload_places AS places ON places.upload_id = rows.upload_id
),

firsts AS (
    SELECT
        row_id,
        customer_id,
        loan_id,
        row_order,
        row_id = first_row_id AS is_first_of_customer,
        is_record AND entity_id IS NOT NULL AS states_its_id,
        CASE
            WHEN phone IS NOT NULL AND national_id IS NOT NULL
                THEN min(row_order) OVER (PARTITION BY customer_id, phone, national_id)
        END AS first_with_both,
        CASE
            WHEN national_id IS NOT NULL
                THEN min(row_order) OVER (PARTITION BY customer_id, national_id)
        END AS first_with_id,
        CASE
            WHEN phone IS NOT NULL
                THEN min(row_order) OVER (PARTITION BY customer_id, phone)
        END AS first_with_phone,
        CASE
            WHEN loan_id IS NOT NULL
                THEN min(row_order) OVER (PARTITION BY customer_id, loan_id)
        END AS first_with_loan,
        CASE WHEN loan_id IS NOT NULL THEN min(row_order) OVER (PARTITION BY loan_id) END AS first_of_loan
    FROM numbered
)

SELECT
    rows.row_id,
    rows.upload_id,
    rows.line_number,
    rows.phone AS phone_normalized,
    rows.loan_text AS loan_id_text,
    rows.branch_key,
    coalesce(rows.employee_id_key, employee_ids.employee_id_key, rows.employee_name_key) AS employee_key,
    rows.row_fingerprint,
    firsts.customer_id AS match_customer_id,
    loan_refs.loan_ref AS match_loan_id,
    CAST(NULL AS UUID) AS match_call_session_id,
    CASE
        WHEN firsts.row_id IS NULL THEN NULL
        WHEN firsts.is_first_of_customer THEN 'created'
        WHEN firsts.states_its_id THEN 'entity_id'
        WHEN firsts.first_with_both < firsts.row_order THEN 'fingerprint'
        WHEN firsts.first_with_id < firsts.row_order THEN 'national_id'
        WHEN firsts.first_with_phone < firsts.row_order THEN 'phone'
        WHEN firsts.first_with_loan < firsts.row_order THEN 'loan_id'
        ELSE 'linked'
    END AS match_method,
    rows.row_error,
    rows.cell_errors,
    records.cell_errors AS more_cell_errors,
    rows.is_duplicate,
    firsts.is_first_of_customer OR coalesce(firsts.first_of_loan = firsts.row_order, false) AS is_first_sight
FROM _stg_loan_rows AS rows
LEFT JOIN _stg_borrower_records AS records ON records.row_id = rows.row_id
LEFT JOIN _employee_ids AS employee_ids ON employee_ids.employee_name_key = rows.employee_name_key
LEFT JOIN firsts ON firsts.row_id = rows.row_id
LEFT JOIN _loan_refs AS loan_refs ON loan_refs.loan_id = firsts.loan_id
