-- Grain: one row per record that speaks of a borrower or a loan: of a loan book, or of ours (customer, loan).
-- Meaning: the record's cells beside what is looked up of them: the days and numbers that they mean.
-- Step: a part of _stg_loan_rows
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
