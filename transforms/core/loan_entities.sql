-- Grain: one row per id under which a record of ours states a loan.
-- Inputs: borrower_statements, stated_loans, loan_renames.
-- Meaning: the number of the loan that goes by the id; several ids may have come to one loan.
SELECT records.loan_entity, arg_max(loans.loan_id, records.row_order) AS loan_id
FROM borrower_statements AS records
LEFT JOIN loan_renames AS renames ON renames.former_loan_id = records.loan_id
JOIN stated_loans AS loans ON loans.loan_id = coalesce(renames.loan_id, records.loan_id)
WHERE records.loan_entity IS NOT NULL
GROUP BY records.loan_entity
