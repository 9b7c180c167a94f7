-- Grain: one row per loan number that a loan no longer has.
-- Inputs: borrower_statements.
-- Meaning: a loan that our records state by its id has the number they state last; rows with an earlier one are its too.
WITH numbers AS (
    SELECT loan_entity, loan_id, row_order FROM borrower_statements WHERE loan_entity IS NOT NULL AND loan_id IS NOT NULL
),

latest AS (
    SELECT loan_entity, arg_max(loan_id, row_order) AS loan_id FROM numbers GROUP BY loan_entity
),

earlier AS (
    SELECT loan_entity, loan_id FROM numbers
    UNION
    SELECT loan_entity, former_loan_id AS loan_id FROM borrower_statements WHERE former_loan_id IS NOT NULL
)

SELECT earlier.loan_id AS former_loan_id, min(latest.loan_id) AS loan_id
FROM earlier
JOIN latest ON latest.loan_entity = earlier.loan_entity
LEFT JOIN latest AS in_use ON in_use.loan_id = earlier.loan_id
WHERE earlier.loan_id <> latest.loan_id AND in_use.loan_id IS NULL
GROUP BY earlier.loan_id
