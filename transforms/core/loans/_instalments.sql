-- Grain: one row per upload and loan that several rows of it state with different due dates: a demand sheet.
-- Meaning: the row that says what is due next, which is that of the earliest due date with something due; null if all of
--          them have nothing due.
WITH instalments AS (
    SELECT customers.upload_id, customers.loan_id, customers.row_id, customers.line_number, rows.next_due_date, rows.due_amount
    FROM _repeated_loans AS repeated
    JOIN _row_customers AS customers ON customers.upload_id = repeated.upload_id AND customers.loan_id = repeated.loan_id
    JOIN _stg_loan_rows AS rows ON rows.row_id = customers.row_id
    WHERE rows.kind = 'loan_book' AND rows.next_due_date IS NOT NULL
),

sheets AS (
    SELECT upload_id, loan_id, min(next_due_date) FILTER (WHERE coalesce(due_amount, 1) <> 0) AS next_due_date
    FROM instalments
    GROUP BY upload_id, loan_id
    HAVING min(next_due_date) <> max(next_due_date)
)

SELECT
    sheets.upload_id,
    sheets.loan_id,
    arg_min(rows.row_id, rows.line_number) FILTER (
        WHERE rows.next_due_date = sheets.next_due_date AND coalesce(rows.due_amount, 1) <> 0
    ) AS due_row_id
FROM sheets
JOIN instalments AS rows ON rows.upload_id = sheets.upload_id AND rows.loan_id = sheets.loan_id
GROUP BY sheets.upload_id, sheets.loan_id
