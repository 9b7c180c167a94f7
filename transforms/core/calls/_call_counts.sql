-- Grain: one row per loan, per customer, per employee, per cluster and branch, and one of all calls (counted_by).
-- Meaning: how the calls went, counted in every way that a mart shows. Who was never called has no row.
-- Replace by: whole
WITH counts AS (
    SELECT
        CASE
            WHEN grouping(loan_id) = 0 THEN 'loan'
            WHEN grouping(customer_id) = 0 THEN 'customer'
            WHEN grouping(employee) = 0 THEN 'employee'
            WHEN grouping(branch) = 0 THEN 'branch'
            ELSE 'all'
        END AS counted_by,
        loan_id,
        customer_id,
        employee,
        cluster,
        branch,
        CAST(count(*) FILTER (WHERE is_attempt) AS BIGINT) AS attempts,
        CAST(count(*) FILTER (WHERE is_completed) AS BIGINT) AS completed,
        CAST(count(*) FILTER (WHERE is_disconnected) AS BIGINT) AS disconnected,
        CAST(count(*) FILTER (WHERE is_failed) AS BIGINT) AS failed,
        CAST(count(*) FILTER (WHERE is_contact) AS BIGINT) AS contacts,
        CAST(coalesce(sum(talk_seconds), 0) AS BIGINT) AS talk_seconds,
        min(called_at) FILTER (WHERE is_attempt) AS first_call_at,
        max(called_at) FILTER (WHERE is_attempt) AS last_call_at
    FROM _call_facts
    GROUP BY GROUPING SETS ((loan_id), (customer_id), (employee), (cluster, branch), ())
)

SELECT
    counted_by,
    loan_id,
    customer_id,
    employee,
    cluster,
    branch,
    attempts,
    completed,
    disconnected,
    failed,
    attempts - completed - disconnected - failed AS unfinished,
    rate(completed, attempts) AS success_rate,
    wilson_low(completed, attempts) AS success_rate_low,
    wilson_high(completed, attempts) AS success_rate_high,
    contacts,
    rate(contacts, attempts) AS contact_rate,
    talk_seconds,
    first_call_at,
    last_call_at
FROM counts
