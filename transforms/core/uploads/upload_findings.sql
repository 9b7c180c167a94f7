-- Grain: one row per upload, finding and row that it is about.
-- Meaning: what the sender should look at, although every row was used: who cannot be called, which loans have several
--          borrowers or instalments, which phone several people share, which loan numbers are nearly the same, which calls
--          found nobody, or name a loan that is not known.
-- Replace by: upload_row_id (row)
WITH unreachable AS (
    SELECT customers.id AS customer_id
    FROM customers
    LEFT JOIN (SELECT DISTINCT customer_id FROM _customer_phones) AS known ON known.customer_id = customers.id
    WHERE known.customer_id IS NULL AND customers.national_id IS NULL
),

-- Of loans whose numbers are alike, the first row of each but the first.
likenesses AS (
    SELECT loan_key AS loan_id, loan_id_likeness(loan_key) AS likeness FROM loans
),

alike AS (
    SELECT likenesses.loan_id, likenesses.likeness
    FROM (SELECT likeness FROM likenesses GROUP BY likeness HAVING count(*) > 1) AS several
    JOIN likenesses ON likenesses.likeness = several.likeness
),

alike_rows AS (
    SELECT alike.likeness, rows.loan_id, rows.row_id, row_order_of(places.upload_order, rows.line_number) AS row_order
    FROM alike
    JOIN _row_customers AS rows ON rows.loan_id = alike.loan_id
    JOIN _upload_places AS places ON places.upload_id = rows.upload_id
),

later_alike AS (
    SELECT row_id
    FROM alike_rows
    QUALIFY
        row_number() OVER (PARTITION BY loan_id ORDER BY row_order) = 1
        AND row_number() OVER (PARTITION BY likeness ORDER BY row_order) > 1
),

found AS (
    SELECT 'no_contact' AS code, rows.row_id
    FROM unreachable
    JOIN _row_customers AS rows ON rows.customer_id = unreachable.customer_id
    UNION ALL
    SELECT 'several_borrowers' AS code, rows.row_id
    FROM _row_customers AS rows
    JOIN _identity_rows AS stated ON stated.row_id = rows.row_id
    WHERE
        rows.is_aside
        AND stated.borrower_role IS DISTINCT FROM 'other'
        AND coalesce(stated.phone, stated.national_id) IS NOT NULL
    UNION ALL
    SELECT 'instalments' AS code, rows.row_id
    FROM _instalments AS sheets
    JOIN _row_customers AS rows ON rows.upload_id = sheets.upload_id AND rows.loan_id = sheets.loan_id
    UNION ALL
    SELECT 'shared_phone' AS code, row_id FROM _shared_phones
    UNION ALL
    SELECT 'ids_alike' AS code, row_id FROM later_alike
    UNION ALL
    SELECT 'found_nobody' AS code, found.first_row_id AS row_id
    FROM _call_attributions AS found
    JOIN call_sessions AS calls ON calls.id = found.call_id
    WHERE found.attribution = 'none' AND calls.status <> 'not_initiated'
    UNION ALL
    SELECT 'unknown_loan' AS code, found.first_row_id AS row_id
    FROM _call_attributions AS found
    JOIN _call_statements AS calls ON calls.id = found.call_id
    WHERE calls.stated_loan_id IS NOT NULL AND found.attribution IN ('number', 'number_ambiguous')
)

SELECT
    rows.file_upload_id,
    found.code,
    found.row_id AS upload_row_id,
    rows.line_number
FROM found
JOIN _upload_row_outcomes AS rows ON rows.id = found.row_id
