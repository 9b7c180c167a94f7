-- Grain: one row per employee name that goes with exactly one employee id.
-- Meaning: some files state an employee's name only; it is the same employee where the name has one id elsewhere.
-- Replace by: lookup
SELECT employee_name_key, min(employee_id_key) AS employee_id_key
FROM _stg_loan_rows
WHERE employee_name_key IS NOT NULL AND employee_id_key IS NOT NULL AND row_error IS NULL
GROUP BY employee_name_key
HAVING min(employee_id_key) = max(employee_id_key)
