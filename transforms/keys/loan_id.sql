-- Grain: one row per id of a touched loan.
-- Meaning: its calls and payments are told anew.
SELECT loans.id
FROM was.loans AS loans
SEMI JOIN ties ON ties.kind = 'loan' AND ties.name = loans.loan_key
