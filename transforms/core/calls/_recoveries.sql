-- Grain: one row per payment that followed a completed call.
-- Meaning: a payment 0 to RECOVERY_DAYS days after the local date of a completed call on its loan, counted once, to
--          the last such call. Association, not effect.
-- Replace by: loan_ref (loan id)
SELECT
    payments.loan_ref,
    payments.loan_id,
    payments.paid_on,
    payments.amount,
    calls.call_sid,
    calls.employee,
    calls.cluster,
    calls.branch
FROM payments
JOIN _call_facts AS calls ON calls.loan_ref = payments.loan_ref AND calls.is_completed
CROSS JOIN settings
WHERE date_diff('day', calls.called_on, payments.paid_on) BETWEEN 0 AND settings.recovery_days
QUALIFY row_number() OVER (
    PARTITION BY payments.loan_ref, payments.paid_on, payments.amount ORDER BY calls.called_at DESC, calls.call_sid DESC
) = 1
