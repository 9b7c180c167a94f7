-- Grain: one row per record that speaks of a borrower or a loan: of a loan book, or of ours (customer, loan).
-- Meaning: the record's cells as typed values, and what was wrong with it; a bad cell is null and named. From here on
--          loan_id is the key of the loan's number, loan_text the number as it is written.
-- Incremental: upload_id
WITH records AS (
    SELECT
        rows.* EXCLUDE (loan_id, phone, national_id, branch_contact_number, employee_contact_number),
        rows.loan_id AS loan_cell,
        loan_number(rows.loan_id) AS loan_text,
        rows.national_id AS national_id_cell,
        row_id_of(uploads.sha256, rows.line_number) AS row_id,
        coalesce(rows.line_number > repeated.first_line, false) AS is_duplicate,
        due_days.day AS due_day,
        due_days.day_first AS due_day_first,
        paid_days.day AS paid_day,
        paid_days.day_first AS paid_day_first,
        phones.phone,
        phones.problem AS phone_problem,
        alternates.problem AS alternate_problem,
        further_phones_of(phones.phone, phones.further_phones, alternates.phone, alternates.further_phones) AS further_phones,
        branch_phones.phone AS branch_contact_number,
        branch_phones.problem AS branch_phone_problem,
        employee_phones.phone AS employee_contact_number,
        employee_phones.problem AS employee_phone_problem
    FROM lake.borrower_rows AS rows
    JOIN lake.uploads AS uploads ON uploads.upload_id = rows.upload_id
    LEFT JOIN _stg_repeated_rows AS repeated
        ON repeated.upload_id = rows.upload_id AND repeated.row_fingerprint = rows.row_fingerprint
    LEFT JOIN _stg_days AS due_days
        ON due_days.upload_id = rows.upload_id AND due_days.field = 'next_due_date' AND due_days.cell = rows.next_due_date
    LEFT JOIN _stg_days AS paid_days
        ON paid_days.upload_id = rows.upload_id AND paid_days.field = 'last_paid_date' AND paid_days.cell = rows.last_paid_date
    LEFT JOIN lake.phones AS phones
        ON phones.upload_id = rows.upload_id AND phones.phone_text = rows.phone
    LEFT JOIN lake.phones AS alternates
        ON alternates.upload_id = rows.upload_id AND alternates.phone_text = rows.alternate_phone
    LEFT JOIN lake.phones AS branch_phones
        ON branch_phones.upload_id = rows.upload_id AND branch_phones.phone_text = rows.branch_contact_number
    LEFT JOIN lake.phones AS employee_phones
        ON employee_phones.upload_id = rows.upload_id AND employee_phones.phone_text = rows.employee_contact_number
),

typed AS (
    SELECT
        *,
        amount_of(principal_amount) AS principal,
        amount_of(outstanding_amount) AS outstanding,
        amount_of(due_amount) AS due,
        amount_of(last_paid_amount) AS paid,
        flag_of(do_not_call) AS do_not_call_flag,
        national_id_text(national_id_cell) AS id_text
    FROM records
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
    found_errors([
        cell_error('bad_amount', 'principal_amount', 'amount', principal_amount, principal),
        cell_error('bad_amount', 'outstanding_amount', 'amount', outstanding_amount, outstanding),
        cell_error('bad_amount', 'due_amount', 'amount', due_amount, due),
        cell_error('bad_amount', 'last_paid_amount', 'amount', last_paid_amount, paid),
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
    ]) AS cell_errors,
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
    paid AS last_paid_amount,
    loan_status_of(loan_status) AS loan_status,
    words_of(cluster) AS cluster, key_of(words_of(cluster)) AS cluster_key,
    words_of(branch) AS branch, key_of(words_of(branch)) AS branch_key,
    branch_contact_number,
    words_of(employee_name) AS employee_name, key_of(words_of(employee_name)) AS employee_name_key,
    words_of(employee_id) AS employee_id, key_of(words_of(employee_id)) AS employee_id_key,
    employee_contact_number,
    do_not_call_flag AS do_not_call
FROM typed
