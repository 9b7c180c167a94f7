-- Grain: one row per loan of a record that states again what is known.
-- Meaning: it goes under the id and the number that it had.
SELECT loans.loan_key AS loan_id, loans.loan_id AS loan_text, loans.id AS loan_ref
FROM was.loans AS loans
SEMI JOIN closure.standing AS standing ON standing.loan_id = loans.loan_key
