-- Grain: one row per loan and upload that states it.
-- Inputs: loan_snapshots, stg_uploads, employee_ids.
-- Meaning: who keeps the loan as the upload states it: the employee (id, else name), cluster and branch.
SELECT
    snapshots.loan_id,
    snapshots.valid_from,
    uploads.upload_order,
    snapshots.file_upload_id,
    snapshots.upload_row_id,
    coalesce(snapshots.employee_id, employee_ids.employee_id, snapshots.employee_name) AS employee,
    coalesce(snapshots.employee_id, employee_ids.employee_id) AS employee_id,
    snapshots.employee_name,
    snapshots.cluster,
    snapshots.branch
FROM loan_snapshots AS snapshots
JOIN stg_uploads AS uploads ON uploads.upload_id = snapshots.file_upload_id
LEFT JOIN employee_ids ON employee_ids.employee_name = lower(snapshots.employee_name)
