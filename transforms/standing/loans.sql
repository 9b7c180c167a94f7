-- Grain: one row per loan of a record that states again what is known.
-- Meaning: what the record states counts; blank keeps what was stated before.
SELECT
    loans.* REPLACE (
        coalesce(stated.principal_amount, loans.principal_amount) AS principal_amount,
        coalesce(stated.outstanding_amount, loans.outstanding_amount) AS outstanding_amount,
        coalesce(stated.due_amount, loans.due_amount) AS due_amount,
        coalesce(stated.next_due_date, loans.next_due_date) AS next_due_date,
        coalesce(stated.last_paid_date, loans.last_paid_date) AS last_paid_date,
        coalesce(stated.last_paid_amount, loans.last_paid_amount) AS last_paid_amount,
        coalesce(stated.status, loans.status) AS status,
        coalesce(stated.cluster, loans.cluster) AS cluster,
        coalesce(stated.branch, loans.branch) AS branch,
        coalesce(stated.branch_contact_number, loans.branch_contact_number) AS branch_contact_number,
        coalesce(stated.employee_name, loans.employee_name) AS employee_name,
        coalesce(stated.employee_id, loans.employee_id) AS employee_id,
        coalesce(stated.employee_contact_number, loans.employee_contact_number) AS employee_contact_number,
        coalesce(stated.cluster_key, loans.cluster_key) AS cluster_key,
        coalesce(stated.branch_key, loans.branch_key) AS branch_key,
        coalesce(stated.employee_key, loans.employee_key) AS employee_key,
        stated.valid_from AS updated_at
    )
FROM closure.standing AS standing
JOIN loan_snapshots AS stated ON stated.upload_row_id = standing.row_id
JOIN was.loans AS loans ON loans.loan_key = standing.loan_id
