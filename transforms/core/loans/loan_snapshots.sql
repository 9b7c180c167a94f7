-- Grain: one row per loan and upload that states it.
-- Meaning: the loan as the upload stated it (the last non-blank of its rows), in force until the next upload's word.
WITH statements AS (
    SELECT
        customers.loan_id, customers.upload_id AS file_upload_id, customers.customer_id, customers.row_id AS upload_row_id,
        customers.line_number, rows.* EXCLUDE (loan_id, upload_id, row_id, line_number)
    FROM _row_customers AS customers
    JOIN _stg_loan_rows AS rows ON rows.row_id = customers.row_id
    WHERE customers.customer_id IS NOT NULL AND customers.loan_id IS NOT NULL
),

-- Most uploads state a loan in one row, which is the snapshot as it is.
repeated AS (
    SELECT loan_id, upload_id AS file_upload_id
    FROM _row_customers
    WHERE customer_id IS NOT NULL AND loan_id IS NOT NULL
    GROUP BY loan_id, upload_id
    HAVING count(*) > 1
),

snapshots AS (
    SELECT
        statements.loan_id,
        statements.file_upload_id,
        customer_id,
        upload_row_id,
        principal_amount,
        outstanding_amount,
        due_amount,
        next_due_date,
        last_paid_date,
        last_paid_amount,
        cluster,
        branch,
        branch_contact_number,
        employee_name,
        employee_id,
        employee_contact_number
    FROM statements
    LEFT JOIN repeated
        ON repeated.loan_id = statements.loan_id AND repeated.file_upload_id = statements.file_upload_id
    WHERE repeated.loan_id IS NULL
    UNION ALL
    SELECT
        statements.loan_id,
        statements.file_upload_id,
        arg_max(customer_id, line_number) AS customer_id,
        arg_max(upload_row_id, line_number) AS upload_row_id,
        arg_max(principal_amount, line_number) FILTER (WHERE principal_amount IS NOT NULL) AS principal_amount,
        arg_max(outstanding_amount, line_number) FILTER (WHERE outstanding_amount IS NOT NULL) AS outstanding_amount,
        arg_max(due_amount, line_number) FILTER (WHERE due_amount IS NOT NULL) AS due_amount,
        arg_max(next_due_date, line_number) FILTER (WHERE next_due_date IS NOT NULL) AS next_due_date,
        arg_max(last_paid_date, line_number) FILTER (WHERE last_paid_date IS NOT NULL) AS last_paid_date,
        arg_max(last_paid_amount, line_number) FILTER (WHERE last_paid_amount IS NOT NULL) AS last_paid_amount,
        arg_max(cluster, line_number) FILTER (WHERE cluster IS NOT NULL) AS cluster,
        arg_max(branch, line_number) FILTER (WHERE branch IS NOT NULL) AS branch,
        arg_max(branch_contact_number, line_number) FILTER (WHERE branch_contact_number IS NOT NULL) AS branch_contact_number,
        arg_max(employee_name, line_number) FILTER (WHERE employee_name IS NOT NULL) AS employee_name,
        arg_max(employee_id, line_number) FILTER (WHERE employee_id IS NOT NULL) AS employee_id,
        arg_max(employee_contact_number, line_number) FILTER (WHERE employee_contact_number IS NOT NULL) AS employee_contact_number
    FROM statements
    JOIN repeated ON repeated.loan_id = statements.loan_id AND repeated.file_upload_id = statements.file_upload_id
    GROUP BY statements.loan_id, statements.file_upload_id
)

SELECT
    id_of('snapshot', snapshots.loan_id || '|' || places.sha256) AS id,
    loan_refs.loan_ref,
    snapshots.loan_id,
    snapshots.customer_id,
    snapshots.file_upload_id,
    snapshots.upload_row_id,
    places.uploaded_at AS valid_from,
    lead(places.uploaded_at) OVER (PARTITION BY snapshots.loan_id ORDER BY places.upload_order) AS valid_to,
    snapshots.* EXCLUDE (loan_id, customer_id, file_upload_id, upload_row_id)
FROM snapshots
JOIN _upload_places AS places ON places.upload_id = snapshots.file_upload_id
JOIN _loan_refs AS loan_refs ON loan_refs.loan_id = snapshots.loan_id
