-- Grain: one row per staged record that speaks of a borrower.
-- Meaning: what changed itself: records of changed uploads, but those that may state again what is known, and those that
--          use what is looked up and is another now.
WITH employees AS (
    SELECT coalesce(earlier.employee_name_key, now.employee_name_key) AS employee_name_key
    FROM was._employee_ids AS earlier
    FULL JOIN whole._employee_ids AS now ON now.employee_name_key = earlier.employee_name_key
    WHERE earlier.employee_id_key IS DISTINCT FROM now.employee_id_key
),

contacts_that_changed AS (
    SELECT phone FROM contacts WHERE NOT is_lasting
),

further AS (
    SELECT row_id, unnest(further_phones) AS phone FROM borrower_rows WHERE further_phones IS NOT NULL
)

SELECT rows.row_id
FROM borrower_rows AS rows
JOIN changed_uploads ON changed_uploads.upload_id = rows.upload_id
ANTI JOIN candidates ON candidates.row_id = rows.row_id
UNION
SELECT rows.row_id
FROM borrower_rows AS rows
JOIN employees ON employees.employee_name_key = rows.employee_name_key
UNION
SELECT rows.row_id
FROM borrower_rows AS rows
JOIN contacts_that_changed ON contacts_that_changed.phone = rows.phone
UNION
SELECT further.row_id
FROM further
JOIN contacts_that_changed ON contacts_that_changed.phone = further.phone
