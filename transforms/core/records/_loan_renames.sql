-- Grain: one row per loan number that a loan no longer has.
-- Meaning: a loan that our records state by its id has the number they state last; rows with an earlier one are its too,
--          unless another loan has that number now.
WITH earlier AS (
    SELECT loan_entity, loan_id FROM _borrower_statements WHERE loan_entity IS NOT NULL AND loan_id IS NOT NULL
    UNION
    SELECT loan_entity, former_loan_id AS loan_id FROM _borrower_statements WHERE former_loan_id IS NOT NULL
)

SELECT earlier.loan_id AS former_loan_id, min(entities.loan_id) AS loan_id
FROM earlier
JOIN _loan_id_map AS entities ON entities.loan_entity = earlier.loan_entity
LEFT JOIN _loan_id_map AS in_use ON in_use.loan_id = earlier.loan_id
WHERE earlier.loan_id <> entities.loan_id AND in_use.loan_id IS NULL
GROUP BY earlier.loan_id
