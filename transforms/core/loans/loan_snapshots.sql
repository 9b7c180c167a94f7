-- Grain: one row per loan and upload that states it.
-- Meaning: the loan as the upload stated it (the last non-blank of its rows), in force until the next upload's word. The
--          employee is the id, else the only one that goes with the name, else the name.
-- Replace by: upload_row_id (statement)
WITH statements AS (
    SELECT
        customers.loan_id, customers.upload_id AS file_upload_id, customers.customer_id, customers.row_id AS upload_row_id,
        customers.line_number, rows.loan_id AS stated_loan_id, rows.* EXCLUDE (loan_id, upload_id, row_id, line_number)
    FROM _row_customers AS customers
    JOIN _stg_loan_rows AS rows ON rows.row_id = customers.row_id
    WHERE customers.loan_id IS NOT NULL
),

-- Most uploads state a loan in one row, which is the snapshot as it is.
snapshots AS (
    SELECT
        statements.loan_id,
        CASE WHEN statements.stated_loan_id = statements.loan_id THEN statements.loan_text END AS loan_text,
        statements.file_upload_id,
        customer_id,
        upload_row_id,
        principal_amount,
        outstanding_amount,
        due_amount,
        next_due_date,
        last_paid_date,
        last_paid_amount,
        status_of_loan(loan_status, outstanding_amount) AS status,
        cluster,
        branch,
        branch_contact_number,
        employee_name,
        employee_id,
        employee_contact_number,
        cluster_key,
        branch_key,
        employee_id_key,
        employee_name_key
    FROM statements
    LEFT JOIN _repeated_loans AS repeated
        ON repeated.loan_id = statements.loan_id AND repeated.upload_id = statements.file_upload_id
    WHERE repeated.loan_id IS NULL
    UNION ALL
    SELECT * FROM _repeated_snapshots
)

SELECT
    id_of('snapshot', snapshots.loan_id || '|' || places.sha256) AS id,
    loan_refs.loan_ref,
    coalesce(snapshots.loan_text, loan_refs.loan_text) AS loan_id,
    snapshots.loan_id AS loan_key,
    snapshots.customer_id,
    snapshots.file_upload_id,
    snapshots.upload_row_id,
    places.uploaded_at AS valid_from,
    lead(places.uploaded_at) OVER (PARTITION BY snapshots.loan_id ORDER BY places.upload_order) AS valid_to,
    snapshots.* EXCLUDE (
        loan_id, loan_text, customer_id, file_upload_id, upload_row_id, employee_id_key, employee_name_key
    ),
    coalesce(snapshots.employee_id_key, employee_ids.employee_id_key, snapshots.employee_name_key) AS employee_key
FROM snapshots
JOIN _upload_places AS places ON places.upload_id = snapshots.file_upload_id
JOIN _loan_refs AS loan_refs ON loan_refs.loan_id = snapshots.loan_id
LEFT JOIN _employee_ids AS employee_ids ON employee_ids.employee_name_key = snapshots.employee_name_key
