-- Which loan a call was about: the stated one; else one of those of who has the number, as they stood at that time.
WITH calls AS (
    SELECT
        calls.call_sid,
        calls.initiated_at,
        CASE WHEN starts_with(calls.direction, 'inbound') THEN calls.from_number ELSE calls.to_number END AS phone,
        loans.loan_id
    FROM {{ ref('int_calls') }} AS calls
    LEFT JOIN {{ ref('loans') }} AS loans ON loans.loan_id = calls.stated_loan_id
),

phone_customers AS (
    SELECT DISTINCT phone, customer_id FROM {{ ref('int_borrower_rows') }} WHERE phone IS NOT NULL
),

phones AS (
    SELECT phone, customer_id, count(*) OVER (PARTITION BY phone) > 1 AS is_ambiguous FROM phone_customers
),

candidates AS (
    SELECT call_sid, initiated_at, loan_id, 'loan' AS attribution FROM calls WHERE loan_id IS NOT NULL
    UNION ALL
    SELECT
        calls.call_sid,
        calls.initiated_at,
        loans.loan_id,
        CASE WHEN phones.is_ambiguous THEN 'number_ambiguous' ELSE 'number' END AS attribution
    FROM calls
    JOIN phones ON phones.phone = calls.phone
    JOIN {{ ref('loans') }} AS loans ON loans.customer_id = phones.customer_id
    WHERE calls.loan_id IS NULL
)

SELECT
    candidates.call_sid,
    candidates.attribution,
    snapshots.loan_ref,
    snapshots.loan_id,
    snapshots.customer_id,
    snapshots.file_upload_id,
    snapshots.id AS loan_snapshot_id,
    snapshots.employee_id,
    snapshots.cluster,
    snapshots.branch
FROM candidates
JOIN {{ ref('loan_snapshots') }} AS snapshots
    ON
        snapshots.loan_id = candidates.loan_id
        AND (snapshots.is_first OR candidates.initiated_at >= snapshots.valid_from)
        AND (snapshots.valid_to IS NULL OR candidates.initiated_at < snapshots.valid_to)
QUALIFY row_number() OVER (
    PARTITION BY candidates.call_sid
    ORDER BY
        snapshots.outstanding_amount > 0 DESC NULLS LAST,
        snapshots.valid_from DESC,
        snapshots.next_due_date NULLS LAST,
        snapshots.loan_id
) = 1
