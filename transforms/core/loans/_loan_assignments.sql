-- Grain: one row per loan and upload that states it.
-- Meaning: how the loan stood from the upload on: who kept it, what was outstanding and when due, as stated last up to then;
--          what no upload had stated by then, as it is stated first after. Of a time before all uploads, the first tells.
--          Loan, employee, cluster and branch are keys.
-- Replace by: upload_row_id (statement)
WITH stated AS (
    SELECT snapshots.*, uploads.upload_order
    FROM loan_snapshots AS snapshots
    JOIN _upload_places AS uploads ON uploads.upload_id = snapshots.file_upload_id
)

SELECT
    loan_key AS loan_id,
    file_upload_id,
    upload_row_id,
    valid_from,
    in_force_from(valid_from, lag(valid_from) OVER loan_uploads) AS in_force_from,
    in_force_to(valid_to) AS in_force_to,
    valid_to IS NULL AS is_latest,
    employee_key AS stated_employee,
    coalesce(
        last_value(employee_key IGNORE NULLS) OVER so_far, first_value(employee_key IGNORE NULLS) OVER from_now
    ) AS employee,
    coalesce(
        last_value(cluster_key IGNORE NULLS) OVER so_far, first_value(cluster_key IGNORE NULLS) OVER from_now
    ) AS cluster,
    coalesce(last_value(branch_key IGNORE NULLS) OVER so_far, first_value(branch_key IGNORE NULLS) OVER from_now) AS branch,
    coalesce(
        last_value(outstanding_amount IGNORE NULLS) OVER so_far, first_value(outstanding_amount IGNORE NULLS) OVER from_now
    ) AS outstanding_amount,
    coalesce(
        last_value(next_due_date IGNORE NULLS) OVER so_far, first_value(next_due_date IGNORE NULLS) OVER from_now
    ) AS next_due_date
FROM stated
WINDOW
    loan_uploads AS (PARTITION BY loan_key ORDER BY upload_order),
    so_far AS (PARTITION BY loan_key ORDER BY upload_order ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
    from_now AS (PARTITION BY loan_key ORDER BY upload_order ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
