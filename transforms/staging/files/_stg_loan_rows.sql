-- Grain: one row per record that speaks of a borrower or a loan: of a loan book, or of ours (customer, loan).
-- Meaning: the record's cells as typed values, and what was wrong with it; a bad cell is null and named. From here on
--          loan_id is the key of the loan's number, loan_text the number as it is written.
-- Incremental: upload_id
WITH plain AS (
    SELECT
        *,
        plain_amount(principal_amount) AS plain_principal,
        plain_amount(outstanding_amount) AS plain_outstanding,
        plain_amount(due_amount) AS plain_due,
        plain_amount(last_paid_amount) AS plain_last_paid
    FROM _stg_loan_cells
),

-- Amounts are rarely written otherwise, and then are long to read.
worded AS (
    SELECT
        *,
        CASE
            WHEN
                (principal_amount IS NOT NULL AND plain_principal IS NULL)
                OR (outstanding_amount IS NOT NULL AND plain_outstanding IS NULL)
                OR (due_amount IS NOT NULL AND plain_due IS NULL)
                OR (last_paid_amount IS NOT NULL AND plain_last_paid IS NULL)
                THEN list_transform(
                    [principal_amount, outstanding_amount, due_amount, last_paid_amount], LAMBDA cell: worded_amount(cell)
                )
        END AS worded_amounts
    FROM plain
),

typed AS (
    SELECT
        *,
        coalesce(plain_principal, worded_amounts[1]) AS principal,
        coalesce(plain_outstanding, worded_amounts[2]) AS outstanding,
        coalesce(plain_due, worded_amounts[3]) AS due,
        coalesce(plain_last_paid, worded_amounts[4]) AS last_paid,
        flag_of(do_not_call) AS do_not_call_flag,
        national_id_text(national_id_cell) AS id_text
    FROM worded
),

checked AS (
    SELECT
        *,
        [
            cell_error('bad_amount', 'principal_amount', 'amount', principal_amount, principal),
            cell_error('bad_amount', 'outstanding_amount', 'amount', outstanding_amount, outstanding),
            cell_error('bad_amount', 'due_amount', 'amount', due_amount, due),
            cell_error('bad_amount', 'last_paid_amount', 'amount', last_paid_amount, last_paid),
            cell_error('bad_date', 'next_due_date', 'date (' || date_order(due_day_first) || ')', next_due_date, due_day),
            cell_error('bad_date', 'last_paid_date', 'date (' || date_order(paid_day_first) || ')', last_paid_date, paid_day),
            'bad_phone: phone ' || phone_problem,
            'bad_phone: alternate_phone ' || alternate_problem,
            'bad_phone: branch_contact_number ' || branch_phone_problem,
            'bad_phone: employee_contact_number ' || employee_phone_problem,
            CASE
                WHEN is_bad_national_id(id_text)
                    THEN 'bad_national_id: national_id is masked, has lost digits to an exponent, or has fewer than four digits'
            END,
            CASE WHEN do_not_call_flag IS NULL AND NOT is_unstated(do_not_call) THEN 'bad_flag: do_not_call is neither yes nor no' END
        ] AS findings
    FROM typed
)

SELECT
    row_id,
    upload_id,
    line_number,
    row_fingerprint,
    problem IS NOT NULL AS is_unreadable,
    is_duplicate,
    CASE
        WHEN problem IS NOT NULL THEN problem
        WHEN has_exponent(loan_cell)
            THEN 'bad_loan_id: the loan id has lost digits to an exponent; format the column as text and send the file again'
        WHEN kind = 'customer' AND entity_id IS NULL THEN 'missing_customer_id: the record has no id'
        WHEN kind <> 'customer' AND loan_text IS NULL THEN 'missing_loan_id: the row has no loan id; fill it in and send the row again'
    END AS row_error,
    found_errors(findings) AS cell_errors,
    kind,
    loan_text,
    key_of(loan_text) AS loan_id,
    phone,
    further_phones,
    national_id_of(id_text) AS national_id,
    words_of(full_name) AS full_name,
    borrower_role_of(borrower_role) AS borrower_role,
    words_of(email) AS email,
    words_of(state) AS state,
    principal AS principal_amount,
    outstanding AS outstanding_amount,
    due AS due_amount,
    due_day AS next_due_date,
    paid_day AS last_paid_date,
    last_paid AS last_paid_amount,
    loan_status_of(loan_status) AS loan_status,
    words_of(cluster) AS cluster, key_of(words_of(cluster)) AS cluster_key,
    words_of(branch) AS branch, key_of(words_of(branch)) AS branch_key,
    branch_contact_number,
    words_of(employee_name) AS employee_name, key_of(words_of(employee_name)) AS employee_name_key,
    words_of(employee_id) AS employee_id, key_of(words_of(employee_id)) AS employee_id_key,
    employee_contact_number,
    do_not_call_flag AS do_not_call
FROM checked
