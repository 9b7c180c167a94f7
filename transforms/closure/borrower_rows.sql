-- Grain: one row per staged record that speaks of a borrower, as it was staged and as it is.
-- Meaning: what it may tie together; one that cannot be used ties nothing.
SELECT row_id, upload_id, line_number, loan_id, phone, further_phones, national_id, employee_name_key, row_error IS NULL AS is_usable
FROM was._stg_loan_rows
UNION ALL
SELECT row_id, upload_id, line_number, loan_id, phone, further_phones, national_id, employee_name_key, row_error IS NULL AS is_usable
FROM fresh._stg_loan_rows
