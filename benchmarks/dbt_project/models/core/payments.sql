SELECT DISTINCT loan_ref, loan_id, last_paid_date AS paid_on, last_paid_amount AS amount
FROM {{ ref('loan_snapshots') }}
WHERE last_paid_date IS NOT NULL AND last_paid_amount IS NOT NULL
