-- Grain: one row per loan and upload that states it.
-- Inputs: row_customers, stg_loan_rows, stg_uploads, stated_loans.
-- Meaning: the loan as the upload stated it (the last non-blank of its rows), in force until the next upload's word.
WITH statements AS (
    SELECT rows.* EXCLUDE (loan_id), customers.loan_id, customers.row_order, customers.customer_id, customers.upload_order
    FROM row_customers AS customers
    JOIN stg_loan_rows AS rows ON rows.row_id = customers.row_id
    WHERE customers.customer_id IS NOT NULL AND customers.loan_id IS NOT NULL
),

snapshots AS (
    SELECT
        loan_id,
        upload_order,
        arg_max(customer_id, row_order) AS customer_id,
        arg_max(row_id, row_order) AS upload_row_id,
        arg_max(principal_amount, row_order) FILTER (WHERE principal_amount IS NOT NULL) AS principal_amount,
        arg_max(outstanding_amount, row_order) FILTER (WHERE outstanding_amount IS NOT NULL) AS outstanding_amount,
        arg_max(due_amount, row_order) FILTER (WHERE due_amount IS NOT NULL) AS due_amount,
        arg_max(next_due_date, row_order) FILTER (WHERE next_due_date IS NOT NULL) AS next_due_date,
        arg_max(last_paid_date, row_order) FILTER (WHERE last_paid_date IS NOT NULL) AS last_paid_date,
        arg_max(last_paid_amount, row_order) FILTER (WHERE last_paid_amount IS NOT NULL) AS last_paid_amount,
        arg_max(cluster, row_order) FILTER (WHERE cluster IS NOT NULL) AS cluster,
        arg_max(branch, row_order) FILTER (WHERE branch IS NOT NULL) AS branch,
        arg_max(branch_contact_number, row_order) FILTER (WHERE branch_contact_number IS NOT NULL) AS branch_contact_number,
        arg_max(employee_name, row_order) FILTER (WHERE employee_name IS NOT NULL) AS employee_name,
        arg_max(employee_id, row_order) FILTER (WHERE employee_id IS NOT NULL) AS employee_id,
        arg_max(employee_contact_number, row_order) FILTER (WHERE employee_contact_number IS NOT NULL) AS employee_contact_number
    FROM statements
    GROUP BY loan_id, upload_order
)

SELECT
    id_of('snapshot', snapshots.loan_id || '|' || uploads.sha256) AS id,
    coalesce(stated_loans.id, id_of('loan', snapshots.loan_id)) AS loan_ref,
    snapshots.loan_id,
    snapshots.customer_id,
    uploads.upload_id AS file_upload_id,
    snapshots.upload_row_id,
    uploads.uploaded_at AS valid_from,
    lead(uploads.uploaded_at) OVER (PARTITION BY snapshots.loan_id ORDER BY snapshots.upload_order) AS valid_to,
    snapshots.* EXCLUDE (loan_id, upload_order, customer_id, upload_row_id)
FROM snapshots
JOIN stg_uploads AS uploads ON uploads.upload_order = snapshots.upload_order
LEFT JOIN stated_loans ON stated_loans.loan_id = snapshots.loan_id
