-- Grain: one row per call found by number.
-- Inputs: call_number_candidates, row_customers, stg_uploads, loans.
-- Meaning: the one candidate that counts: something outstanding first, then the latest upload before the call (else
--          the earliest after), then the earliest due date, then loan_id.
WITH contested AS (
    SELECT * FROM call_number_candidates WHERE candidates > 1
),

pairs AS (
    SELECT DISTINCT customer_id, loan_id FROM contested
),

timeline AS (
    SELECT DISTINCT
        pairs.customer_id, pairs.loan_id, uploads.uploaded_at AS moment, 0 AS is_call,
        uploads.upload_order, CAST(NULL AS VARCHAR) AS call_sid
    FROM pairs
    JOIN row_customers AS rows ON rows.customer_id = pairs.customer_id AND rows.loan_id = pairs.loan_id
    JOIN stg_uploads AS uploads ON uploads.upload_order = rows.upload_order
    UNION ALL
    SELECT customer_id, loan_id, called_at AS moment, 1 AS is_call, CAST(NULL AS BIGINT) AS upload_order, call_sid
    FROM contested
),

nearest AS (
    SELECT
        customer_id,
        loan_id,
        call_sid,
        last_value(upload_order IGNORE NULLS) OVER (
            PARTITION BY customer_id, loan_id ORDER BY moment, is_call, upload_order NULLS LAST, call_sid NULLS FIRST
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS upload_before,
        first_value(upload_order IGNORE NULLS) OVER (
            PARTITION BY customer_id, loan_id ORDER BY moment, is_call, upload_order NULLS LAST, call_sid NULLS FIRST
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS upload_after
    FROM timeline
),

chosen AS (
    SELECT nearest.call_sid, nearest.customer_id, nearest.loan_id
    FROM nearest
    JOIN loans ON loans.loan_id = nearest.loan_id
    WHERE nearest.call_sid IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY nearest.call_sid
        ORDER BY
            CASE WHEN loans.outstanding_amount > 0 THEN 0 ELSE 1 END,
            nearest.upload_before DESC NULLS LAST,
            CASE WHEN nearest.upload_before IS NULL THEN nearest.upload_after END NULLS LAST,
            loans.next_due_date NULLS LAST,
            nearest.loan_id,
            nearest.customer_id
    ) = 1
)

SELECT candidates.call_sid, candidates.customer_id, candidates.loan_id, candidates.is_ambiguous
FROM call_number_candidates AS candidates
LEFT JOIN chosen ON chosen.call_sid = candidates.call_sid
    AND chosen.customer_id = candidates.customer_id AND chosen.loan_id = candidates.loan_id
WHERE candidates.candidates = 1 OR chosen.call_sid IS NOT NULL
