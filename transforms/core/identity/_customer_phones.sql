-- Grain: one row per phone and customer who ever stated it.
-- Meaning: whom a number may belong to. A further number of a row finds its customer only where nobody states it as theirs.
WITH own AS (
    SELECT DISTINCT phone, customer_id FROM _row_customers WHERE phone IS NOT NULL
),

further AS (
    SELECT DISTINCT unnest(rows.further_phones) AS phone, customers.customer_id
    FROM _stg_loan_rows AS rows
    JOIN _row_customers AS customers ON customers.row_id = rows.row_id
    WHERE rows.further_phones IS NOT NULL AND NOT customers.is_aside
)

SELECT phone, customer_id FROM own
UNION ALL
SELECT further.phone, further.customer_id
FROM further
LEFT JOIN own ON own.phone = further.phone
LEFT JOIN _contact_phones AS contact_phones ON contact_phones.phone = further.phone
WHERE own.phone IS NULL AND contact_phones.phone IS NULL
