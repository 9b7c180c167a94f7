-- Grain: one row per loan number.
-- Meaning: the id under which the loan goes: the first that a record of ours states, else it comes from the number.
WITH stated AS (
    SELECT customers.loan_id, arg_min(records.loan_entity, records.row_order) AS id
    FROM _borrower_statements AS records
    JOIN _row_customers AS customers ON customers.row_id = records.row_id
    WHERE records.kind = 'loan' AND records.loan_entity IS NOT NULL
    GROUP BY customers.loan_id
),

numbers AS (
    SELECT DISTINCT loan_id FROM _row_customers WHERE loan_id IS NOT NULL
)

SELECT numbers.loan_id, coalesce(stated.id, id_of('loan', numbers.loan_id)) AS loan_ref
FROM numbers
LEFT JOIN stated ON stated.loan_id = numbers.loan_id
