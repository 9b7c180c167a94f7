-- Grain: one row per loan.
-- Meaning: how often the borrower was called about the loan, and with what success; loans never called too.
-- Replace by: loan_ref (loan id)
SELECT
    loans.loan_id,
    loans.id AS loan_ref,
    loans.customer_id,
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
FROM loans
LEFT JOIN _call_counts AS calls ON calls.counted_by = 'loan' AND calls.loan_id = loans.loan_key
