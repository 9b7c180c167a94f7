-- Grain: one row per call, and customer and loan that it may have been about.
-- Meaning: how the loan stood as of the call: its row in the latest upload before the call, what was outstanding and when
--          due; what first comes after the call where nothing was stated before it. No later upload changes it.
-- Step: the choice among them is what is kept
WITH may_be_about AS (
    SELECT calls.id AS call_id, calls.called_at, by_row.customer_id, by_row.loan_id, 'row' AS attribution, 1 AS candidates
    FROM _call_statements AS calls
    JOIN _call_stated_rows AS by_row ON by_row.call_id = calls.id
    UNION ALL
    SELECT calls.id AS call_id, calls.called_at, loans.customer_id, loans.loan_key AS loan_id, 'loan' AS attribution, 1 AS candidates
    FROM _call_statements AS calls
    JOIN loans ON loans.loan_key = calls.stated_loan_id
    LEFT JOIN _call_stated_rows AS by_row ON by_row.call_id = calls.id
    WHERE by_row.call_id IS NULL
    UNION ALL
    SELECT call_id, called_at, customer_id, loan_id, attribution, candidates FROM _call_phone_candidates
),

-- A loan that went from hand to hand was each customer's as of the uploads that say so.
handed_over AS (
    SELECT loan_id FROM _row_customers WHERE loan_id IS NOT NULL GROUP BY loan_id HAVING min(customer_id) <> max(customer_id)
),

hands AS (
    SELECT DISTINCT rows.loan_id, rows.customer_id, places.upload_id, places.uploaded_at, places.upload_order
    FROM _row_customers AS rows
    JOIN handed_over ON handed_over.loan_id = rows.loan_id
    JOIN _upload_places AS places ON places.upload_id = rows.upload_id
),

hands_in_force AS (
    SELECT
        *,
        in_force_from(uploaded_at, lag(uploaded_at) OVER uploads_of_hand) AS in_force_from,
        in_force_to(lead(uploaded_at) OVER uploads_of_hand) AS in_force_to
    FROM hands
    WINDOW uploads_of_hand AS (PARTITION BY loan_id, customer_id ORDER BY upload_order)
)

SELECT
    calls.call_id,
    calls.called_at,
    calls.customer_id,
    calls.loan_id,
    calls.attribution,
    calls.candidates,
    assignments.upload_row_id,
    assignments.outstanding_amount,
    assignments.next_due_date,
    coalesce(hands.upload_id, assignments.file_upload_id) AS stated_by,
    coalesce(hands.uploaded_at, assignments.valid_from) <= calls.called_at AS is_stated_before
FROM may_be_about AS calls
LEFT JOIN _loan_assignments AS assignments
    ON
        assignments.loan_id = calls.loan_id
        AND calls.called_at >= assignments.in_force_from AND calls.called_at < assignments.in_force_to
LEFT JOIN hands_in_force
    AS hands ON hands.loan_id = calls.loan_id AND hands.customer_id = calls.customer_id
AND calls.called_at >= hands.in_force_from AND calls.called_at < hands.in_force_to
