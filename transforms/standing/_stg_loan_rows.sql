-- Grain: one row per record that states again what is known, and one per record that it follows.
-- Meaning: the records as they are staged.
SELECT rows.*
FROM whole._stg_loan_rows AS rows
SEMI JOIN _row_customers AS standing ON standing.row_id = rows.row_id
