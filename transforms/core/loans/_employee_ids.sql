-- Grain: one row per employee name that goes with exactly one employee id.
-- Meaning: some files state an employee's name only; it is the same employee where the name has one id elsewhere.
SELECT lower(employee_name) AS employee_name, min(employee_id) AS employee_id
FROM loan_snapshots
WHERE employee_name IS NOT NULL AND employee_id IS NOT NULL
GROUP BY lower(employee_name)
HAVING min(employee_id) = max(employee_id)
