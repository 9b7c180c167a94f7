-- Grain: one row per record that speaks of a borrower or a loan: of a loan book, or of ours (customer, loan).
-- Meaning: the record's cells as typed values, and what was wrong with it; a bad cell is null and named.
-- Incremental: upload_id
WITH records AS (
    SELECT
        rows.* EXCLUDE (loan_id, phone, national_id, branch_contact_number, employee_contact_number),
        rows.loan_id AS loan_text,
        rows.national_id AS national_id_cell,
        row_id_of(uploads.sha256, rows.line_number) AS row_id,
        coalesce(rows.line_number > repeated.first_line, false) AS is_duplicate,
        due_days.day AS due_day,
        due_days.day_first AS due_day_first,
        paid_days.day AS paid_day,
        paid_days.day_first AS paid_day_first,
        phones.phone,
        phones.problem AS phone_problem,
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
    LEFT JOIN lake.phones AS branch_phones
        ON branch_phones.upload_id = rows.upload_id AND branch_phones.phone_text = rows.branch_contact_number
    LEFT JOIN lake.phones AS employee_phones
        ON employee_phones.upload_id = rows.upload_id AND employee_phones.phone_text = rows.employee_contact_number
),

plain AS (
    SELECT
        *,
        [principal_amount, outstanding_amount, due_amount, last_paid_amount] AS amount_cells,
        list_transform(amount_cells, LAMBDA cell: plain_amount(cell)) AS plain_amounts
    FROM records
),

-- Cells are rarely written otherwise, and then are long to read.
typed AS (
    SELECT
        *,
        CASE
            WHEN all_read(amount_cells, plain_amounts) THEN plain_amounts
            ELSE list_transform(amount_cells, LAMBDA cell: amount_of(cell))
        END AS amounts,
        loan_number(loan_text) AS loan_id,
        flag_of(do_not_call) AS do_not_call_flag,
        national_id_text(national_id_cell) AS id_text
    FROM plain
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
        WHEN has_exponent(loan_text)
            THEN 'bad_loan_id: the loan id has lost digits to an exponent; format the column as text and send the file again'
        WHEN kind = 'customer' AND entity_id IS NULL THEN 'unidentified_customer: the record has no id'
        WHEN kind <> 'customer' AND loan_id IS NULL THEN 'missing_loan_id: the row has no loan id; fill it in and send the row again'
    END AS row_error,
    found_errors([
        cell_error('bad_amount', 'principal_amount', 'amount', principal_amount, amounts[1]),
        cell_error('bad_amount', 'outstanding_amount', 'amount', outstanding_amount, amounts[2]),
        cell_error('bad_amount', 'due_amount', 'amount', due_amount, amounts[3]),
        cell_error('bad_amount', 'last_paid_amount', 'amount', last_paid_amount, amounts[4]),
        cell_error('bad_date', 'next_due_date', 'date (' || date_order(due_day_first) || ')', next_due_date, due_day),
        cell_error('bad_date', 'last_paid_date', 'date (' || date_order(paid_day_first) || ')', last_paid_date, paid_day),
        'bad_phone: phone ' || phone_problem,
        'bad_phone: branch_contact_number ' || branch_phone_problem,
        'bad_phone: employee_contact_number ' || employee_phone_problem,
        CASE
            WHEN is_bad_national_id(id_text)
                THEN 'bad_national_id: national_id is masked, has lost digits to an exponent, or has fewer than four digits'
        END,
        CASE WHEN do_not_call_flag IS NULL AND NOT is_unstated(do_not_call) THEN 'bad_flag: do_not_call is neither yes nor no' END
    ]) AS cell_errors,
    kind,
    loan_id,
    phone,
    national_id_of(id_text) AS national_id,
    words_of(full_name) AS full_name,
    words_of(email) AS email,
    words_of(state) AS state,
    amounts[1] AS principal_amount,
    amounts[2] AS outstanding_amount,
    amounts[3] AS due_amount,
    due_day AS next_due_date,
    paid_day AS last_paid_date,
    amounts[4] AS last_paid_amount,
    words_of(cluster) AS cluster,
    words_of(branch) AS branch,
    branch_contact_number,
    words_of(employee_name) AS employee_name,
    words_of(employee_id) AS employee_id,
    employee_contact_number,
    do_not_call_flag AS do_not_call
FROM typed
