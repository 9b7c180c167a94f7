-- Grain: one row per employee, and (none) for calls without one.
-- Inputs: loan_keepers, call_facts, recoveries.
-- Meaning: how the calls about an employee's loans went, ranked by a rate that few calls cannot distort.
WITH calls AS (
    SELECT
        employee,
        CAST(count(*) FILTER (WHERE is_attempt) AS BIGINT) AS attempts,
        CAST(count(*) FILTER (WHERE is_completed) AS BIGINT) AS completed,
        CAST(count(*) FILTER (WHERE is_disconnected) AS BIGINT) AS disconnected,
        CAST(count(*) FILTER (WHERE is_failed) AS BIGINT) AS failed,
        CAST(count(*) FILTER (WHERE is_contact) AS BIGINT) AS contacts,
        CAST(coalesce(sum(talk_seconds), 0) AS BIGINT) AS talk_seconds
    FROM call_facts
    GROUP BY employee
),

overall AS (
    SELECT rate(count(*) FILTER (WHERE is_completed), count(*) FILTER (WHERE is_attempt)) AS success_rate FROM call_facts
),

latest_keepers AS (
    SELECT loan_id, coalesce(arg_max(employee, upload_order) FILTER (WHERE employee IS NOT NULL), '(none)') AS employee
    FROM loan_keepers
    GROUP BY loan_id
),

loan_counts AS (
    SELECT employee, count(*) AS loans FROM latest_keepers GROUP BY employee
),

employees AS (
    SELECT stated_employee AS employee, stated_employee_id AS employee_id, stated_employee_name AS employee_name
    FROM loan_keepers
    WHERE stated_employee IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY stated_employee
        ORDER BY CASE WHEN stated_employee_name IS NULL THEN 1 ELSE 0 END, upload_order DESC, upload_row_id
    ) = 1
    UNION ALL
    SELECT '(none)' AS employee, CAST(NULL AS VARCHAR) AS employee_id, CAST(NULL AS VARCHAR) AS employee_name
),

recovered AS (
    SELECT employee, count(*) AS payments, CAST(sum(amount) AS DECIMAL(25, 2)) AS amount FROM recoveries GROUP BY employee
)

SELECT
    employees.employee,
    employees.employee_id,
    employees.employee_name,
    coalesce(loan_counts.loans, 0) AS loans,
    coalesce(calls.attempts, 0) AS attempts,
    coalesce(calls.completed, 0) AS completed,
    coalesce(calls.disconnected, 0) AS disconnected,
    coalesce(calls.failed, 0) AS failed,
    coalesce(calls.attempts, 0) - coalesce(calls.completed, 0) - coalesce(calls.disconnected, 0) - coalesce(calls.failed, 0) AS unfinished,
    rate(calls.completed, calls.attempts) AS success_rate,
    wilson_low(calls.completed, calls.attempts) AS success_rate_low,
    wilson_high(calls.completed, calls.attempts) AS success_rate_high,
    coalesce(calls.contacts, 0) AS contacts,
    rate(calls.contacts, calls.attempts) AS contact_rate,
    coalesce(calls.talk_seconds, 0) AS talk_seconds,
    shrunk_rate_of(coalesce(calls.completed, 0), coalesce(calls.attempts, 0), overall.success_rate) AS shrunk_rate,
    CASE
        WHEN employees.employee <> '(none)' THEN
            rank() OVER (
                PARTITION BY employees.employee <> '(none)'
                ORDER BY shrunk_rate_of(coalesce(calls.completed, 0), coalesce(calls.attempts, 0), overall.success_rate) DESC NULLS LAST
            )
    END AS rank,
    coalesce(recovered.payments, 0) AS payments,
    CAST(coalesce(recovered.amount, 0) AS DECIMAL(25, 2)) AS recovered_amount
FROM employees
CROSS JOIN overall
LEFT JOIN loan_counts ON loan_counts.employee = employees.employee
LEFT JOIN calls ON calls.employee = employees.employee
LEFT JOIN recovered ON recovered.employee = employees.employee
WHERE employees.employee <> '(none)' OR calls.employee IS NOT NULL OR loan_counts.employee IS NOT NULL
