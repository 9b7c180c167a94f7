-- Grain: one row per record that speaks of a borrower or a loan.
-- Inputs: stg_loan_rows, stg_borrower_records, row_customers, row_matches, loans.
-- Meaning: whom the record was about, and what was wrong with it.
-- View: a part of upload_row_outcomes
SELECT
    rows.row_id,
    rows.upload_id,
    rows.line_number,
    rows.phone AS phone_normalized,
    rows.loan_id AS loan_id_text,
    rows.row_fingerprint,
    customers.customer_id AS match_customer_id,
    loans.id AS match_loan_id,
    CAST(NULL AS UUID) AS match_call_session_id,
    matches.match_method,
    CASE
        WHEN rows.row_error IS NULL AND customers.customer_id IS NULL
        THEN 'unidentified_customer: neither the row nor any other row of its loan states a phone or a national id'
        ELSE rows.row_error
    END AS row_error,
    rows.cell_errors,
    records.cell_errors AS more_cell_errors,
    rows.is_duplicate,
    matches.is_first_sight
FROM stg_loan_rows AS rows
LEFT JOIN stg_borrower_records AS records ON records.row_id = rows.row_id
LEFT JOIN row_customers AS customers ON customers.row_id = rows.row_id
LEFT JOIN loans ON loans.loan_id = customers.loan_id AND customers.customer_id IS NOT NULL
LEFT JOIN row_matches AS matches ON matches.row_id = rows.row_id
