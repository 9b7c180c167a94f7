-- Grain: one row per customer.
-- Inputs: customers, loans, call_facts.
-- Meaning: how often a person was called, over all loans and calls without a loan, and with what success.
WITH calls AS (
    SELECT
        customer_id,
        CAST(count(*) FILTER (WHERE is_attempt) AS BIGINT) AS attempts,
        CAST(count(*) FILTER (WHERE is_completed) AS BIGINT) AS completed,
        CAST(count(*) FILTER (WHERE is_disconnected) AS BIGINT) AS disconnected,
        CAST(count(*) FILTER (WHERE is_failed) AS BIGINT) AS failed,
        CAST(count(*) FILTER (WHERE is_contact) AS BIGINT) AS contacts,
        CAST(coalesce(sum(talk_seconds), 0) AS BIGINT) AS talk_seconds,
        min(called_at) FILTER (WHERE is_attempt) AS first_call_at,
        max(called_at) FILTER (WHERE is_attempt) AS last_call_at
    FROM call_facts
    WHERE customer_id IS NOT NULL
    GROUP BY customer_id
),

loan_counts AS (
    SELECT customer_id, count(*) AS loans FROM loans GROUP BY customer_id
)

SELECT
    customers.id AS customer_id,
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
    calls.first_call_at,
    calls.last_call_at
FROM customers
LEFT JOIN loan_counts ON loan_counts.customer_id = customers.id
LEFT JOIN calls ON calls.customer_id = customers.id
