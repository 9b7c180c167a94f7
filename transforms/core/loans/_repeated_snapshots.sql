-- Grain: one row per loan and upload that states it in several rows.
-- Meaning: the last non-blank of the rows, and the customer of the row that states the borrower, if one does. Of a demand
--          sheet the next instalment says what is due and outstanding.
-- Step: a part of loan_snapshots
WITH told AS (
    SELECT
        customers.loan_id,
        customers.upload_id AS file_upload_id,
        arg_max(rows.loan_text, rows.line_number) FILTER (WHERE rows.loan_id = customers.loan_id) AS loan_text,
        coalesce(
            min(customers.customer_id) FILTER (WHERE rows.row_id = repeated.borrower_row_id),
            arg_max(customers.customer_id, rows.line_number)
        ) AS customer_id,
        arg_max(rows.row_id, rows.line_number) AS upload_row_id,
        arg_max(rows.principal_amount, rows.line_number) FILTER (WHERE rows.principal_amount IS NOT NULL) AS principal_amount,
        arg_max(rows.outstanding_amount, rows.line_number) FILTER (WHERE rows.outstanding_amount IS NOT NULL) AS outstanding_amount,
        arg_max(rows.due_amount, rows.line_number) FILTER (WHERE rows.due_amount IS NOT NULL) AS due_amount,
        arg_max(rows.next_due_date, rows.line_number) FILTER (WHERE rows.next_due_date IS NOT NULL) AS next_due_date,
        arg_max(rows.last_paid_date, rows.line_number) FILTER (WHERE rows.last_paid_date IS NOT NULL) AS last_paid_date,
        arg_max(rows.last_paid_amount, rows.line_number) FILTER (WHERE rows.last_paid_amount IS NOT NULL) AS last_paid_amount,
        arg_max(rows.cluster, rows.line_number) FILTER (WHERE rows.cluster IS NOT NULL) AS cluster,
        arg_max(rows.branch, rows.line_number) FILTER (WHERE rows.branch IS NOT NULL) AS branch,
        arg_max(rows.branch_contact_number, rows.line_number) FILTER (WHERE rows.branch_contact_number IS NOT NULL) AS branch_contact_number,
        arg_max(rows.employee_name, rows.line_number) FILTER (WHERE rows.employee_name IS NOT NULL) AS employee_name,
        arg_max(rows.employee_id, rows.line_number) FILTER (WHERE rows.employee_id IS NOT NULL) AS employee_id,
        arg_max(rows.employee_contact_number, rows.line_number) FILTER (WHERE rows.employee_contact_number IS NOT NULL) AS employee_contact_number,
        arg_max(rows.cluster_key, rows.line_number) FILTER (WHERE rows.cluster_key IS NOT NULL) AS cluster_key,
        arg_max(rows.branch_key, rows.line_number) FILTER (WHERE rows.branch_key IS NOT NULL) AS branch_key,
        arg_max(rows.employee_id_key, rows.line_number) FILTER (WHERE rows.employee_id_key IS NOT NULL) AS employee_id_key,
        arg_max(rows.employee_name_key, rows.line_number) FILTER (WHERE rows.employee_name_key IS NOT NULL) AS employee_name_key,
        arg_max(rows.loan_status, rows.line_number) FILTER (WHERE rows.loan_status IS NOT NULL) AS loan_status,
        arg_max(status_of_loan(rows.loan_status, rows.outstanding_amount), rows.line_number)
        FILTER (WHERE coalesce(rows.loan_status, CAST(rows.outstanding_amount AS VARCHAR)) IS NOT NULL) AS status
    FROM _repeated_loans AS repeated
    JOIN _row_customers AS customers ON customers.upload_id = repeated.upload_id AND customers.loan_id = repeated.loan_id
    JOIN _stg_loan_rows AS rows ON rows.row_id = customers.row_id
    GROUP BY customers.loan_id, customers.upload_id
),

next_instalments AS (
    SELECT sheets.upload_id, sheets.loan_id, rows.next_due_date, rows.due_amount, rows.outstanding_amount
    FROM _instalments AS sheets
    JOIN _stg_loan_rows AS rows ON rows.row_id = sheets.due_row_id
)

SELECT
    told.loan_id,
    told.loan_text,
    told.file_upload_id,
    told.customer_id,
    told.upload_row_id,
    told.principal_amount,
    coalesce(due.outstanding_amount, told.outstanding_amount) AS outstanding_amount,
    CASE WHEN due.loan_id IS NULL THEN told.due_amount ELSE due.due_amount END AS due_amount,
    coalesce(due.next_due_date, told.next_due_date) AS next_due_date,
    told.last_paid_date,
    told.last_paid_amount,
    CASE
        WHEN due.outstanding_amount IS NULL THEN told.status
        ELSE status_of_loan(told.loan_status, due.outstanding_amount)
    END AS status,
    told.cluster,
    told.branch,
    told.branch_contact_number,
    told.employee_name,
    told.employee_id,
    told.employee_contact_number,
    told.cluster_key,
    told.branch_key,
    told.employee_id_key,
    told.employee_name_key
FROM told
LEFT JOIN next_instalments AS due ON due.upload_id = told.file_upload_id AND due.loan_id = told.loan_id
