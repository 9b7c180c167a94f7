-- Grain: one row per record that speaks of a borrower or a loan.
-- Meaning: whom the record was about, what ties it to an earlier row of its customer (the strongest that holds), and what
--          was wrong with it.
-- Step: a part of _upload_row_outcomes
WITH numbered AS (
    SELECT rows.*, row_order_of(places.upload_order, rows.line_number) AS row_order
    FROM _row_customers AS rows
    JOIN _upload_places AS places ON places.upload_id = rows.upload_id
),

-- The first row of each customer that states a phone, an id or a loan, and of each loan. (A window sorts; this does not.)
with_both AS (
    SELECT customer_id, phone, national_id, min(row_order) AS row_order
    FROM numbered
    WHERE phone IS NOT NULL AND national_id IS NOT NULL
    GROUP BY customer_id, phone, national_id
),

with_id AS (
    SELECT customer_id, national_id, min(row_order) AS row_order FROM numbered WHERE national_id IS NOT NULL GROUP BY customer_id, national_id
),

with_phone AS (
    SELECT customer_id, phone, min(row_order) AS row_order FROM numbered WHERE phone IS NOT NULL GROUP BY customer_id, phone
),

with_loan AS (
    SELECT customer_id, loan_id, min(row_order) AS row_order FROM numbered WHERE loan_id IS NOT NULL GROUP BY customer_id, loan_id
),

of_loans AS (
    SELECT loan_id, min(row_order) AS row_order FROM with_loan GROUP BY loan_id
),

firsts AS (
    SELECT
        numbered.row_id,
        numbered.customer_id,
        numbered.loan_id,
        numbered.row_order,
        numbered.row_id = numbered.first_row_id AS is_first_of_customer,
        numbered.is_record AND numbered.entity_id IS NOT NULL AS states_its_id,
        with_both.row_order AS first_with_both,
        with_id.row_order AS first_with_id,
        with_phone.row_order AS first_with_phone,
        with_loan.row_order AS first_with_loan,
        of_loans.row_order AS first_of_loan
    FROM numbered
    LEFT JOIN with_both
        ON
            with_both.customer_id = numbered.customer_id
            AND with_both.phone = numbered.phone
            AND with_both.national_id = numbered.national_id
    LEFT JOIN with_id ON with_id.customer_id = numbered.customer_id AND with_id.national_id = numbered.national_id
    LEFT JOIN with_phone ON with_phone.customer_id = numbered.customer_id AND with_phone.phone = numbered.phone
    LEFT JOIN with_loan ON with_loan.customer_id = numbered.customer_id AND with_loan.loan_id = numbered.loan_id
    LEFT JOIN of_loans ON of_loans.loan_id = numbered.loan_id
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
