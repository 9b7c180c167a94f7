-- Grain: one row per cluster, branch (within its cluster, and by itself), employee id and employee name.
-- Meaning: the spelling by which figures show it: the one stated in most usable records that repeat no other, of equals the
--          one whose last record is the latest.
-- Replace by: whole
WITH stated AS (
    SELECT
        rows.cluster_key, rows.cluster, rows.branch_key, rows.branch, rows.employee_id_key, rows.employee_id,
        rows.employee_name_key, rows.employee_name,
        count(*) AS records,
        max(row_order_of(places.upload_order, rows.line_number)) AS last_record
    FROM _stg_loan_rows AS rows
    JOIN _upload_places AS places ON places.upload_id = rows.upload_id
    WHERE rows.row_error IS NULL AND NOT rows.is_duplicate
    GROUP BY
        rows.cluster_key, rows.cluster, rows.branch_key, rows.branch, rows.employee_id_key, rows.employee_id,
        rows.employee_name_key, rows.employee_name
),

employees AS (
    SELECT stated.*, coalesce(stated.employee_id_key, ids.employee_id_key, stated.employee_name_key) AS employee_key
    FROM stated
    LEFT JOIN _employee_ids AS ids ON ids.employee_name_key = stated.employee_name_key
),

names AS (
    SELECT 'cluster' AS what, '' AS within, cluster_key AS name_key, cluster AS name, records, last_record FROM stated
    UNION ALL
    SELECT 'branch', coalesce(cluster_key, '(none)'), branch_key, branch, records, last_record FROM stated
    UNION ALL
    SELECT 'any branch', '', branch_key, branch, records, last_record FROM stated
    UNION ALL
    SELECT 'employee id', '', employee_id_key, employee_id, records, last_record FROM stated
    UNION ALL
    SELECT 'employee name', '', employee_key, employee_name, records, last_record FROM employees
),

counted AS (
    SELECT what, within, name_key, name, sum(records) AS records, max(last_record) AS last_record
    FROM names
    WHERE name_key IS NOT NULL AND name IS NOT NULL
    GROUP BY what, within, name_key, name
)

SELECT what, within, name_key, name
FROM counted
QUALIFY row_number() OVER (PARTITION BY what, within, name_key ORDER BY records DESC, last_record DESC, name) = 1
