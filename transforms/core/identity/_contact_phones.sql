-- Grain: one row per phone.
-- Meaning: phones that some row states as a branch's or an employee's; they identify nobody.
-- Replace by: lookup
SELECT branch_contact_number AS phone FROM _stg_loan_rows WHERE branch_contact_number IS NOT NULL
UNION
SELECT employee_contact_number AS phone FROM _stg_loan_rows WHERE employee_contact_number IS NOT NULL
