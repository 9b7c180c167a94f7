-- Grain: one row per loan and upload that states it.
-- Meaning: how the loan stood from the upload on: who kept it, what was outstanding and when due, as stated last up to then;
--          what no upload had stated by then, as it is stated first after. Of a time before all uploads, the first tells.
WITH stated AS (
    SELECT
        snapshots.loan_id,
        uploads.upload_order,
        snapshots.file_upload_id,
        snapshots.upload_row_id,
        snapshots.valid_from,
        snapshots.valid_to,
        coalesce(snapshots.employee_id, employee_ids.employee_id, snapshots.employee_name) AS employee,
        coalesce(snapshots.employee_id, employee_ids.employee_id) AS employee_id,
        snapshots.employee_name,
        snapshots.cluster,
        snapshots.branch,
        snapshots.outstanding_amount,
        snapshots.next_due_date
    FROM loan_snapshots AS snapshots
    JOIN _upload_places AS uploads ON uploads.upload_id = snapshots.file_upload_id
    LEFT JOIN _employee_ids AS employee_ids ON employee_ids.employee_name = lower(snapshots.employee_name)
)

SELECT
    loan_id,
    file_upload_id,
    upload_row_id,
    valid_from,
    in_force_from(valid_from, lag(valid_from) OVER loan_uploads) AS in_force_from,
    in_force_to(valid_to) AS in_force_to,
    valid_to IS NULL AS is_latest,
    employee AS stated_employee,
    employee_id AS stated_employee_id,
    employee_name AS stated_employee_name,
    coalesce(last_value(employee IGNORE NULLS) OVER so_far, first_value(employee IGNORE NULLS) OVER from_now) AS employee,
    coalesce(last_value(cluster IGNORE NULLS) OVER so_far, first_value(cluster IGNORE NULLS) OVER from_now) AS cluster,
    coalesce(last_value(branch IGNORE NULLS) OVER so_far, first_value(branch IGNORE NULLS) OVER from_now) AS branch,
    coalesce(
        last_value(outstanding_amount IGNORE NULLS) OVER so_far, first_value(outstanding_amount IGNORE NULLS) OVER from_now
    ) AS outstanding_amount,
    coalesce(
        last_value(next_due_date IGNORE NULLS) OVER so_far, first_value(next_due_date IGNORE NULLS) OVER from_now
    ) AS next_due_date
FROM stated
WINDOW
    loan_uploads AS (PARTITION BY loan_id ORDER BY upload_order),
    so_far AS (PARTITION BY loan_id ORDER BY upload_order ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
    from_now AS (PARTITION BY loan_id ORDER BY upload_order ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
