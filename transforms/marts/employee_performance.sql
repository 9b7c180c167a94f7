-- Grain: one row per employee, and (none) for calls without one.
-- Meaning: how the calls about an employee's loans went, ranked by a rate that few calls cannot distort.
-- Replace by: whole
WITH named AS (
    SELECT stated.employee, ids.name AS employee_id, names.name AS employee_name
    FROM (SELECT DISTINCT stated_employee AS employee FROM _loan_assignments WHERE stated_employee IS NOT NULL) AS stated
    LEFT JOIN _shown_names AS ids ON ids.what = 'employee id' AND ids.name_key = stated.employee
    LEFT JOIN _shown_names AS names ON names.what = 'employee name' AND names.name_key = stated.employee
),

loan_counts AS (
    SELECT coalesce(employee, '(none)') AS employee, count(*) AS loans
    FROM _loan_assignments AS loan_assignments
    WHERE is_latest
    GROUP BY coalesce(employee, '(none)')
),

recovered AS (
    SELECT employee, count(*) AS payments, CAST(sum(amount) AS DECIMAL(25, 2)) AS amount FROM _recoveries GROUP BY employee
),

employees AS (
    SELECT employee FROM named
    UNION
    SELECT employee FROM loan_counts
    UNION
    SELECT employee FROM _call_counts WHERE counted_by = 'employee'
),

figures AS (
    SELECT
        employees.employee,
        calls.* EXCLUDE (employee),
        shrunk_rate_of(coalesce(calls.completed, 0), coalesce(calls.attempts, 0), overall.success_rate) AS shrunk_rate
    FROM employees
    LEFT JOIN _call_counts AS calls ON calls.counted_by = 'employee' AND calls.employee = employees.employee
    LEFT JOIN _call_counts AS overall ON overall.counted_by = 'all'
)

SELECT
    coalesce(named.employee_id, named.employee_name, calls.employee) AS employee,
    calls.employee AS employee_key,
    named.employee_id,
    named.employee_name,
    coalesce(loan_counts.loans, 0) AS loans,
    coalesce(calls.attempts, 0) AS attempts,
    coalesce(calls.completed, 0) AS completed,
    coalesce(calls.disconnected, 0) AS disconnected,
    coalesce(calls.failed, 0) AS failed,
    coalesce(calls.unfinished, 0) AS unfinished,
    calls.success_rate,
    calls.success_rate_low,
    calls.success_rate_high,
    coalesce(calls.contacts, 0) AS contacts,
    calls.contact_rate,
    coalesce(calls.talk_seconds, 0) AS talk_seconds,
    calls.shrunk_rate,
    CASE
        WHEN calls.employee <> '(none)'
            THEN rank() OVER (PARTITION BY calls.employee <> '(none)' ORDER BY calls.shrunk_rate DESC NULLS LAST)
    END AS rank,
    coalesce(recovered.payments, 0) AS payments,
    CAST(coalesce(recovered.amount, 0) AS DECIMAL(25, 2)) AS recovered_amount
FROM figures AS calls
LEFT JOIN named ON named.employee = calls.employee
LEFT JOIN loan_counts ON loan_counts.employee = calls.employee
LEFT JOIN recovered ON recovered.employee = calls.employee
