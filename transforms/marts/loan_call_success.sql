-- Grain: one row per loan.
-- Inputs: loans, call_facts.
-- Meaning: how often the borrower was called about the loan, and with what success; loans never called too.
WITH calls AS (
    SELECT
        loan_id,
        CAST(count(*) FILTER (WHERE is_attempt) AS BIGINT) AS attempts,
        CAST(count(*) FILTER (WHERE is_completed) AS BIGINT) AS completed,
        CAST(count(*) FILTER (WHERE is_disconnected) AS BIGINT) AS disconnected,
        CAST(count(*) FILTER (WHERE is_failed) AS BIGINT) AS failed,
        CAST(count(*) FILTER (WHERE is_contact) AS BIGINT) AS contacts,
        CAST(coalesce(sum(talk_seconds), 0) AS BIGINT) AS talk_seconds,
        min(called_at) FILTER (WHERE is_attempt) AS first_call_at,
        max(called_at) FILTER (WHERE is_attempt) AS last_call_at
    FROM call_facts
    WHERE loan_id IS NOT NULL
    GROUP BY loan_id
)

SELECT
    loans.loan_id,
    loans.id AS loan_ref,
    loans.customer_id,
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
FROM loans
LEFT JOIN calls ON calls.loan_id = loans.loan_id
