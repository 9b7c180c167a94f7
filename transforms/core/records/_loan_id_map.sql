-- Grain: one row per id under which a record of ours states a loan.
-- Meaning: the number of the loan that goes by the id: the one stated last.
SELECT loan_entity, arg_max(loan_id, row_order) AS loan_id
FROM _borrower_statements
WHERE loan_entity IS NOT NULL AND loan_id IS NOT NULL
GROUP BY loan_entity
