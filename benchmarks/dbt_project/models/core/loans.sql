SELECT
    loan_ref AS id,
    arg_max(customer_id, valid_from) AS customer_id,
    loan_id,
    arg_max(principal_amount, valid_from) AS principal_amount,
    arg_max(outstanding_amount, valid_from) AS outstanding_amount,
    arg_max(due_amount, valid_from) AS due_amount,
    arg_max(next_due_date, valid_from) AS next_due_date,
    arg_max(last_paid_date, valid_from) AS last_paid_date,
    arg_max(last_paid_amount, valid_from) AS last_paid_amount,
    coalesce(arg_max(status, valid_from), 'active') AS status,
    arg_max(cluster, valid_from) AS cluster,
    arg_max(branch, valid_from) AS branch,
    arg_max(employee_name, valid_from) AS employee_name,
    arg_max(employee_id, valid_from) AS employee_id,
    min(valid_from) AS created_at,
    max(valid_from) AS updated_at
FROM {{ ref('loan_snapshots') }}
GROUP BY loan_ref, loan_id
