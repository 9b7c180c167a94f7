SELECT
    md5(loan_id || '|' || file_upload_id) AS id,
    md5(loan_id) AS loan_ref,
    loan_id,
    customer_id,
    file_upload_id,
    uploaded_at AS valid_from,
    lead(uploaded_at) OVER loan_uploads AS valid_to,
    lag(uploaded_at) OVER loan_uploads IS NULL AS is_first,
    principal_amount,
    outstanding_amount,
    due_amount,
    next_due_date,
    last_paid_date,
    last_paid_amount,
    CASE WHEN outstanding_amount = 0 THEN 'closed' WHEN outstanding_amount > 0 THEN 'active' END AS status,
    cluster,
    branch,
    employee_name,
    employee_id
FROM {{ ref('int_borrower_rows') }}
WINDOW loan_uploads AS (PARTITION BY loan_id ORDER BY uploaded_at)
