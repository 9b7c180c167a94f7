-- Grain: one row per staged record that speaks of a borrower and is not reached yet.
-- Meaning: those of loans whose numbers are alike that of a loan reached: the finding ids_alike is about the later of them.
WITH reached AS (
    SELECT DISTINCT loan_id_likeness(name) AS likeness FROM ties WHERE kind = 'loan'
),

known AS (
    SELECT loan_key AS loan_id, loan_id_likeness(loan_key) AS likeness FROM was.loans
),

alike AS (
    SELECT known.loan_id
    FROM known
    JOIN reached ON reached.likeness = known.likeness
    LEFT JOIN ties ON ties.kind = 'loan' AND ties.name = known.loan_id
    WHERE ties.name IS NULL
)

SELECT DISTINCT rows.row_id
FROM borrower_rows AS rows
JOIN alike ON alike.loan_id = rows.loan_id
WHERE rows.is_usable
