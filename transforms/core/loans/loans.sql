-- Grain: one row per loan_id.
-- Meaning: the latest stated value of every attribute; blank keeps the earlier one, 0 does not. The loan belongs to the
--          borrower of the latest upload that states one. A status that a record of ours states stands until a file says
--          how the loan is; else the latest word counts.
-- Replace by: loan_key (loan)
WITH snapshots AS (
    SELECT snapshots.*, uploads.upload_order, uploads.kind
    FROM loan_snapshots AS snapshots
    JOIN _upload_places AS uploads ON uploads.upload_id = snapshots.file_upload_id
),

latest AS (
    SELECT
        loan_ref AS id,
        arg_max(customer_id, upload_order) AS customer_id,
        min(customer_id) <> max(customer_id) AS is_handed_over,
        min(loan_key) AS loan_key,
        arg_max(principal_amount, upload_order) FILTER (WHERE principal_amount IS NOT NULL) AS principal_amount,
        arg_max(outstanding_amount, upload_order) FILTER (WHERE outstanding_amount IS NOT NULL) AS outstanding_amount,
        arg_max(due_amount, upload_order) FILTER (WHERE due_amount IS NOT NULL) AS due_amount,
        arg_max(next_due_date, upload_order) FILTER (WHERE next_due_date IS NOT NULL) AS next_due_date,
        arg_max(last_paid_date, upload_order) FILTER (WHERE last_paid_date IS NOT NULL) AS last_paid_date,
        arg_max(last_paid_amount, upload_order) FILTER (WHERE last_paid_amount IS NOT NULL) AS last_paid_amount,
        arg_max(status, upload_order) FILTER (WHERE status IS NOT NULL) AS status,
        max(upload_order) FILTER (WHERE status IS NOT NULL AND kind = 'loan_book') AS status_order,
        arg_max(cluster, upload_order) FILTER (WHERE cluster IS NOT NULL) AS cluster,
        arg_max(branch, upload_order) FILTER (WHERE branch IS NOT NULL) AS branch,
        arg_max(branch_contact_number, upload_order) FILTER (WHERE branch_contact_number IS NOT NULL) AS branch_contact_number,
        arg_max(employee_name, upload_order) FILTER (WHERE employee_name IS NOT NULL) AS employee_name,
        arg_max(employee_id, upload_order) FILTER (WHERE employee_id IS NOT NULL) AS employee_id,
        arg_max(employee_contact_number, upload_order) FILTER (WHERE employee_contact_number IS NOT NULL) AS employee_contact_number,
        arg_max(employee_key, upload_order) FILTER (WHERE employee_key IS NOT NULL) AS employee_key,
        min(valid_from) AS created_at,
        max(valid_from) AS updated_at
    FROM snapshots
    GROUP BY loan_ref
),

-- Few loans went from hand to hand.
borrowers AS (
    SELECT snapshots.loan_key, arg_max(snapshots.customer_id, snapshots.upload_order) AS customer_id
    FROM latest
    JOIN snapshots ON snapshots.loan_key = latest.loan_key
    JOIN _row_customers AS rows ON rows.loan_id = snapshots.loan_key AND rows.upload_id = snapshots.file_upload_id
    WHERE
        latest.is_handed_over AND NOT rows.is_aside
        AND coalesce(rows.phone, rows.national_id, CAST(rows.entity_id AS VARCHAR)) IS NOT NULL
    GROUP BY snapshots.loan_key
),

stated AS (
    SELECT
        customers.loan_id,
        arg_max(records.loan_status, records.row_order) FILTER (WHERE records.loan_status IS NOT NULL) AS status,
        max(records.row_order) FILTER (WHERE records.loan_status IS NOT NULL) AS status_order,
        min(records.created_at) AS created_at
    FROM _borrower_statements AS records
    JOIN _row_customers AS customers ON customers.row_id = records.row_id
    WHERE records.kind = 'loan'
    GROUP BY customers.loan_id
)

SELECT
    latest.id,
    coalesce(borrowers.customer_id, latest.customer_id) AS customer_id,
    loan_refs.loan_text AS loan_id,
    latest.loan_key,
    principal_amount,
    outstanding_amount,
    due_amount,
    next_due_date,
    last_paid_date,
    last_paid_amount,
    CASE
        WHEN stated.status_order >= row_order_of(coalesce(latest.status_order, 0), 0) THEN stated.status
        ELSE coalesce(latest.status, 'active')
    END AS status,
    cluster,
    branch,
    branch_contact_number,
    employee_name,
    employee_id,
    employee_contact_number,
    key_of(cluster) AS cluster_key,
    key_of(branch) AS branch_key,
    employee_key,
    least(latest.created_at, stated.created_at) AS created_at,
    latest.updated_at
FROM latest
JOIN _loan_refs AS loan_refs ON loan_refs.loan_id = latest.loan_key
LEFT JOIN borrowers ON borrowers.loan_key = latest.loan_key
LEFT JOIN stated ON stated.loan_id = latest.loan_key
