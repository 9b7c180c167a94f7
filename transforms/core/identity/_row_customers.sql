-- Grain: one row per usable row.
-- Meaning: the customer of every row, which is the group that rules 0 to 4 put it in. The id is the first that a record of
--          ours states, else it comes from the customer's first row.
WITH stated_phones AS (
    SELECT phone, min(stated_group) AS first_group, max(stated_group) AS last_group
    FROM _identity_stated
    WHERE phone IS NOT NULL AND stated_group IS NOT NULL
    GROUP BY phone
),

-- A group whose phones are known for just one customer of a national id is that customer's; one without a phone, or whose
-- phones are known for none or for several, is a customer of its own.
phone_groups AS (
    SELECT
        groups.label AS phone_group,
        CASE
            WHEN min(known.first_group) = max(known.last_group) THEN min(known.first_group) ELSE groups.label
        END AS person
    FROM _identity_phone_groups AS groups
    LEFT JOIN stated_phones AS known ON 'P' || known.phone = groups.node
    GROUP BY groups.label
),

loan_persons AS (
    SELECT groups.node, phone_groups.person
    FROM _identity_phone_groups AS groups
    JOIN phone_groups ON phone_groups.phone_group = groups.label
    WHERE substr(groups.node, 1, 1) = 'L'
),

grouped AS (
    SELECT
        rows.* EXCLUDE (stated_group),
        coalesce(rows.stated_group, loan_persons.person) AS person,
        row_order_of(places.upload_order, rows.line_number) AS row_order
    FROM _identity_stated AS rows
    JOIN _upload_places AS places ON places.upload_id = rows.upload_id
    LEFT JOIN loan_persons ON loan_persons.node = CASE WHEN rows.stated_group IS NULL THEN 'L' || rows.loan_id END
),

persons AS (
    SELECT
        person,
        arg_min(row_id, row_order) AS first_row_id,
        arg_min(entity_id, row_order) FILTER (WHERE entity_id IS NOT NULL) AS entity_id
    FROM grouped
    GROUP BY person
),

customers AS (
    SELECT person, first_row_id, coalesce(entity_id, id_of('customer', CAST(first_row_id AS VARCHAR))) AS customer_id
    FROM persons
)

SELECT
    grouped.* EXCLUDE (person, row_order, phone, national_id),
    CASE WHEN NOT grouped.is_aside THEN grouped.phone END AS phone,
    CASE WHEN NOT grouped.is_aside THEN grouped.national_id END AS national_id,
    customers.first_row_id,
    customers.customer_id
FROM grouped
JOIN customers ON customers.person = grouped.person
