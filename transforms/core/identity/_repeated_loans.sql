-- Grain: one row per upload and loan that several usable rows of it state.
-- Meaning: which of these rows states the borrower: the first with the role applicant, else the first with a phone or a
--          national id; a row with another role never does. Null where none does.
WITH repeated AS (
    SELECT upload_id, loan_id
    FROM _identity_rows
    WHERE loan_id IS NOT NULL
    GROUP BY upload_id, loan_id
    HAVING count(*) > 1
),

borrowers AS (
    SELECT stated.upload_id, stated.loan_id, stated.row_id, stated.phone, stated.national_id
    FROM _identity_rows AS stated
    JOIN repeated ON repeated.upload_id = stated.upload_id AND repeated.loan_id = stated.loan_id
    WHERE
        NOT stated.is_record
        AND coalesce(stated.borrower_role, 'applicant') = 'applicant'
        AND coalesce(stated.borrower_role, stated.phone, stated.national_id) IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY stated.upload_id, stated.loan_id
        ORDER BY CASE WHEN stated.borrower_role = 'applicant' THEN 0 ELSE 1 END, stated.line_number
    ) = 1
)

SELECT repeated.upload_id, repeated.loan_id, borrowers.row_id AS borrower_row_id, borrowers.phone, borrowers.national_id
FROM repeated
LEFT JOIN borrowers ON borrowers.upload_id = repeated.upload_id AND borrowers.loan_id = repeated.loan_id
