-- Grain: one row per cluster and branch, and (none) where a call's loan states none.
-- Meaning: how the calls about a branch's loans went; the parts of the whole that employee_performance cuts otherwise.
-- Replace by: whole
WITH latest AS (
    SELECT
        coalesce(cluster, '(none)') AS cluster,
        coalesce(branch, '(none)') AS branch,
        coalesce(employee, '(none)') AS employee
    FROM _loan_assignments
    WHERE is_latest
),

loan_counts AS (
    SELECT cluster, branch, count(*) AS loans FROM latest GROUP BY cluster, branch
),

employee_counts AS (
    SELECT cluster, branch, count(DISTINCT employee) AS employees
    FROM (
        SELECT cluster, branch, employee FROM latest
        UNION
        SELECT cluster, branch, employee FROM _call_facts
    ) AS seen
    WHERE employee <> '(none)'
    GROUP BY cluster, branch
),

recovered AS (
    SELECT cluster, branch, count(*) AS payments, CAST(sum(amount) AS DECIMAL(25, 2)) AS amount FROM _recoveries GROUP BY cluster, branch
),

branches AS (
    SELECT cluster, branch FROM loan_counts
    UNION
    SELECT cluster, branch FROM _call_counts WHERE counted_by = 'branch'
),

figures AS (
    SELECT
        branches.cluster,
        branches.branch,
        calls.* EXCLUDE (cluster, branch),
        shrunk_rate_of(coalesce(calls.completed, 0), coalesce(calls.attempts, 0), overall.success_rate) AS shrunk_rate
    FROM branches
    LEFT JOIN _call_counts AS calls
        ON calls.counted_by = 'branch' AND calls.cluster = branches.cluster AND calls.branch = branches.branch
    LEFT JOIN _call_counts AS overall ON overall.counted_by = 'all'
)

SELECT
    coalesce(clusters.name, calls.cluster) AS cluster,
    coalesce(branch_names.name, any_branch_names.name, calls.branch) AS branch,
    calls.cluster AS cluster_key,
    calls.branch AS branch_key,
    coalesce(employee_counts.employees, 0) AS employees,
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
        WHEN calls.branch <> '(none)'
            THEN rank() OVER (PARTITION BY calls.branch <> '(none)' ORDER BY calls.shrunk_rate DESC NULLS LAST)
    END AS rank,
    coalesce(recovered.payments, 0) AS payments,
    CAST(coalesce(recovered.amount, 0) AS DECIMAL(25, 2)) AS recovered_amount
FROM figures AS calls
LEFT JOIN _shown_names AS clusters ON clusters.what = 'cluster' AND clusters.name_key = calls.cluster
LEFT JOIN _shown_names AS branch_names
    ON branch_names.what = 'branch' AND branch_names.within = calls.cluster AND branch_names.name_key = calls.branch
LEFT JOIN _shown_names AS any_branch_names
    ON any_branch_names.what = 'any branch' AND any_branch_names.name_key = calls.branch
LEFT JOIN employee_counts ON employee_counts.cluster = calls.cluster AND employee_counts.branch = calls.branch
LEFT JOIN loan_counts ON loan_counts.cluster = calls.cluster AND loan_counts.branch = calls.branch
LEFT JOIN recovered ON recovered.cluster = calls.cluster AND recovered.branch = calls.branch
