-- Grain: one row per usable row.
-- Meaning: the graph of rules 0 and 1. A national id (N), an entity id (E), and a phone with which a record of ours states
--          a customer without a national id (C) are nodes; a row links its two. A row about somebody beside the borrower
--          (is_aside) states nothing of a person, and goes where the borrower of its loan in the same upload goes.
-- Step: it only names what a row states
WITH beside AS (
    SELECT
        rows.*,
        borrowers.phone AS borrower_phone,
        borrowers.national_id AS borrower_national_id,
        coalesce(rows.borrower_role = 'other', false) OR coalesce(
            NOT rows.is_record
            AND rows.row_id <> borrowers.borrower_row_id
            AND coalesce(rows.phone <> borrowers.phone, true)
            AND coalesce(rows.national_id <> borrowers.national_id, true),
            false
        ) AS is_aside
    FROM _identity_rows AS rows
    LEFT JOIN _repeated_loans AS borrowers ON borrowers.upload_id = rows.upload_id AND borrowers.loan_id = rows.loan_id
),

persons AS (
    SELECT
        * EXCLUDE (phone, national_id, borrower_role, borrower_phone, borrower_national_id),
        CASE WHEN is_aside THEN borrower_phone ELSE phone END AS phone,
        CASE WHEN is_aside THEN borrower_national_id ELSE national_id END AS national_id
    FROM beside
)

SELECT
    *,
    CASE
        WHEN national_id IS NOT NULL THEN 'N' || national_id
        WHEN is_customer_record THEN 'C' || phone
    END AS node,
    'E' || CAST(entity_id AS VARCHAR) AS other_node
FROM persons
