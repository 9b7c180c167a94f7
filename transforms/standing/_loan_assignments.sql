-- Grain: one row per record that states again what is known, and one per record that it follows.
-- Meaning: a loan stands as the later of the two says from then on, and where it says nothing, as it stood.
WITH stated AS (
    SELECT standing.earlier_row_id, snapshots.*
    FROM closure.standing AS standing
    JOIN loan_snapshots AS snapshots ON snapshots.upload_row_id = standing.row_id
)

SELECT
    stated.loan_key AS loan_id,
    stated.file_upload_id,
    stated.upload_row_id,
    stated.valid_from,
    stated.valid_from AS in_force_from,
    in_force_to(NULL) AS in_force_to,
    true AS is_latest,
    stated.employee_key AS stated_employee,
    coalesce(stated.employee_key, earlier.employee) AS employee,
    coalesce(stated.cluster_key, earlier.cluster) AS cluster,
    coalesce(stated.branch_key, earlier.branch) AS branch,
    coalesce(stated.outstanding_amount, earlier.outstanding_amount) AS outstanding_amount,
    coalesce(stated.next_due_date, earlier.next_due_date) AS next_due_date
FROM stated
JOIN was._loan_assignments AS earlier ON earlier.upload_row_id = stated.earlier_row_id
UNION ALL
SELECT earlier.* REPLACE (stated.valid_from AS in_force_to, false AS is_latest)
FROM stated
JOIN was._loan_assignments AS earlier ON earlier.upload_row_id = stated.earlier_row_id
