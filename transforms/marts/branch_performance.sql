-- Grain: one row per cluster and branch, and (none) where a call's loan states none.
-- Inputs: loan_keepers, call_facts, recoveries.
-- Meaning: how the calls about a branch's loans went; the parts of the whole that employee_performance cuts otherwise.
WITH calls AS (
    SELECT
        cluster,
        branch,
        CAST(count(*) FILTER (WHERE is_attempt) AS BIGINT) AS attempts,
        CAST(count(*) FILTER (WHERE is_completed) AS BIGINT) AS completed,
        CAST(count(*) FILTER (WHERE is_disconnected) AS BIGINT) AS disconnected,
        CAST(count(*) FILTER (WHERE is_failed) AS BIGINT) AS failed,
        CAST(count(*) FILTER (WHERE is_contact) AS BIGINT) AS contacts,
        CAST(coalesce(sum(talk_seconds), 0) AS BIGINT) AS talk_seconds
    FROM call_facts
    GROUP BY cluster, branch
),

overall AS (
    SELECT rate(count(*) FILTER (WHERE is_completed), count(*) FILTER (WHERE is_attempt)) AS success_rate FROM call_facts
),

latest_keepers AS (
    SELECT
        loan_id,
        coalesce(arg_max(cluster, upload_order) FILTER (WHERE cluster IS NOT NULL), '(none)') AS cluster,
        coalesce(arg_max(branch, upload_order) FILTER (WHERE branch IS NOT NULL), '(none)') AS branch,
        coalesce(arg_max(employee, upload_order) FILTER (WHERE employee IS NOT NULL), '(none)') AS employee
    FROM loan_keepers
    GROUP BY loan_id
),

loan_counts AS (
    SELECT cluster, branch, count(*) AS loans FROM latest_keepers GROUP BY cluster, branch
),

employee_counts AS (
    SELECT cluster, branch, count(DISTINCT employee) AS employees
    FROM (
        SELECT cluster, branch, employee FROM latest_keepers
        UNION
        SELECT cluster, branch, employee FROM call_facts
    ) AS seen
    WHERE employee <> '(none)'
    GROUP BY cluster, branch
),

branches AS (
    SELECT cluster, branch FROM loan_counts
    UNION
    SELECT cluster, branch FROM calls
),

recovered AS (
    SELECT cluster, branch, count(*) AS payments, CAST(sum(amount) AS DECIMAL(25, 2)) AS amount FROM recoveries GROUP BY cluster, branch
)

SELECT
    branches.cluster,
    branches.branch,
    coalesce(employee_counts.employees, 0) AS employees,
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
        WHEN branches.branch <> '(none)' THEN
            rank() OVER (
                PARTITION BY branches.branch <> '(none)'
                ORDER BY shrunk_rate_of(coalesce(calls.completed, 0), coalesce(calls.attempts, 0), overall.success_rate) DESC NULLS LAST
            )
    END AS rank,
    coalesce(recovered.payments, 0) AS payments,
    CAST(coalesce(recovered.amount, 0) AS DECIMAL(25, 2)) AS recovered_amount
FROM branches
CROSS JOIN overall
LEFT JOIN employee_counts ON employee_counts.cluster = branches.cluster AND employee_counts.branch = branches.branch
LEFT JOIN loan_counts ON loan_counts.cluster = branches.cluster AND loan_counts.branch = branches.branch
LEFT JOIN calls ON calls.cluster = branches.cluster AND calls.branch = branches.branch
LEFT JOIN recovered ON recovered.cluster = branches.cluster AND recovered.branch = branches.branch
