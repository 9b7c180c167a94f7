-- Grain: one row per loan.
-- Meaning: the id under which the loan goes (the first that a record of ours states, else it comes from the key of its
--          number), and its number as it was written last.
WITH stated AS (
    SELECT customers.loan_id, arg_min(records.loan_entity, records.row_order) AS id
    FROM _borrower_statements AS records
    JOIN _row_customers AS customers ON customers.row_id = records.row_id
    WHERE records.kind = 'loan' AND records.loan_entity IS NOT NULL
    GROUP BY customers.loan_id
),

loans AS (
    SELECT customers.loan_id, min(rows.loan_text) AS loan_text, min(rows.loan_text) <> max(rows.loan_text) AS is_spelled_in_ways
    FROM _row_customers AS customers
    JOIN _stg_loan_rows AS rows ON rows.row_id = customers.row_id
    WHERE customers.loan_id IS NOT NULL
    GROUP BY customers.loan_id
),

-- Few loans are written in several ways, or had another number.
spelled AS (
    SELECT loans.loan_id, arg_max(rows.loan_text, row_order_of(places.upload_order, rows.line_number)) AS loan_text
    FROM loans
    JOIN _row_customers AS customers ON customers.loan_id = loans.loan_id
    JOIN _stg_loan_rows AS rows ON rows.row_id = customers.row_id AND rows.loan_id = loans.loan_id
    JOIN _upload_places AS places ON places.upload_id = rows.upload_id
    WHERE loans.is_spelled_in_ways
    GROUP BY loans.loan_id
)

SELECT
    loans.loan_id,
    coalesce(spelled.loan_text, loans.loan_text) AS loan_text,
    coalesce(stated.id, id_of('loan', loans.loan_id)) AS loan_ref
FROM loans
LEFT JOIN spelled ON spelled.loan_id = loans.loan_id
LEFT JOIN stated ON stated.loan_id = loans.loan_id
