-- Grain: one row per customer.
-- Meaning: how often a person was called, over all loans and calls without a loan, and with what success.
-- Replace by: customer_id (person)
WITH loan_counts AS (
    SELECT customer_id, count(*) AS loans FROM loans GROUP BY customer_id
)

SELECT
    customers.id AS customer_id,
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
    calls.first_call_at,
    calls.last_call_at
FROM customers
LEFT JOIN loan_counts ON loan_counts.customer_id = customers.id
LEFT JOIN _call_counts AS calls ON calls.counted_by = 'customer' AND calls.customer_id = customers.id
