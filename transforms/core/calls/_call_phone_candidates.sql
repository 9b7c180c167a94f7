-- Grain: one row per call found by number, customer who ever stated the number, and loan of that customer, if any.
-- Meaning: who may have been called, where neither a row nor a known loan is stated: the stated customer, else who has
--          the to_number, else the from_number.
-- Step: a part of _call_loan_at_time
WITH calls AS (
    SELECT calls.id AS call_id, calls.called_at, calls.to_phone, calls.from_phone, stated.customer_id
    FROM _call_statements AS calls
    LEFT JOIN _call_stated_customers AS stated ON stated.call_id = calls.id
    LEFT JOIN _call_stated_rows AS by_row ON by_row.call_id = calls.id
    LEFT JOIN loans ON loans.loan_key = calls.stated_loan_id
    WHERE by_row.call_id IS NULL AND loans.loan_key IS NULL
),

customer_loans AS (
    SELECT DISTINCT customer_id, loan_id FROM _row_customers WHERE loan_id IS NOT NULL
),

loan_counts AS (
    SELECT customer_id, count(*) AS loans FROM customer_loans GROUP BY customer_id
),

known_phones AS (
    SELECT
        phones.phone,
        CAST(sum(coalesce(loan_counts.loans, 1)) AS BIGINT) AS candidates,
        CASE
            WHEN min(phones.customer_id) <> max(phones.customer_id) THEN 'number_ambiguous' ELSE 'number'
        END AS attribution
    FROM _customer_phones AS phones
    LEFT JOIN loan_counts ON loan_counts.customer_id = phones.customer_id
    GROUP BY phones.phone
),

numbers AS (
    SELECT
        calls.call_id,
        calls.called_at,
        coalesce(to_known.phone, from_known.phone) AS phone,
        coalesce(to_known.attribution, from_known.attribution) AS attribution,
        coalesce(to_known.candidates, from_known.candidates) AS candidates
    FROM calls
    LEFT JOIN known_phones AS to_known ON to_known.phone = calls.to_phone
    LEFT JOIN known_phones AS from_known ON from_known.phone = calls.from_phone
    WHERE calls.customer_id IS NULL
)

SELECT numbers.call_id, numbers.called_at, phones.customer_id, loans.loan_id, numbers.attribution, numbers.candidates
FROM numbers
JOIN _customer_phones AS phones ON phones.phone = numbers.phone
LEFT JOIN customer_loans AS loans ON loans.customer_id = phones.customer_id
UNION ALL
SELECT
    calls.call_id, calls.called_at, calls.customer_id, loans.loan_id, 'customer' AS attribution,
    count(*) OVER (PARTITION BY calls.call_id) AS candidates
FROM calls
JOIN customer_loans AS loans ON loans.customer_id = calls.customer_id
