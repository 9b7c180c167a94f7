-- A payment within some days of a completed call, counted to the last such call.
SELECT payments.*, calls.call_sid, calls.employee, calls.cluster, calls.branch
FROM {{ ref('payments') }} AS payments
JOIN {{ ref('call_facts') }} AS calls ON calls.loan_ref = payments.loan_ref AND calls.is_completed
WHERE date_diff('day', calls.called_on, payments.paid_on) BETWEEN 0 AND {{ var('recovery_days') }}
QUALIFY row_number() OVER (
    PARTITION BY payments.loan_ref, payments.paid_on, payments.amount ORDER BY calls.called_at DESC, calls.call_sid DESC
) = 1
