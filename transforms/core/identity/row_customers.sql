-- Grain: one row per usable row.
-- Inputs: identity_stated, identity_phone_links, identity_phone_groups, identity_rows.
-- Meaning: the customer of every row (null for nobody), which is the group that rules 0 to 4 put it in. His id is the
--          first that a record of ours states for him, else it comes from his first row.
WITH phone_rows AS (
    SELECT stated.row_order, stated.phone, groups.label AS phone_group
    FROM identity_stated AS stated
    JOIN identity_phone_links AS links ON links.row_order = stated.row_order
    JOIN identity_phone_groups AS groups ON groups.node = links.other_node
),

-- Rule 3, last sentence: the customers of a national id that are known for a group's phones, where it is just one.
known_customers AS (
    SELECT phone_rows.phone_group, min(stated.stated_group) AS stated_group
    FROM phone_rows
    JOIN identity_stated AS stated ON stated.phone = phone_rows.phone AND stated.stated_group IS NOT NULL
    GROUP BY phone_rows.phone_group
    HAVING min(stated.stated_group) = max(stated.stated_group)
),

-- Rule 4: a group without any phone is nobody.
groups_of_somebody AS (
    SELECT DISTINCT phone_group FROM phone_rows WHERE phone IS NOT NULL
),

grouped AS (
    SELECT
        stated.*,
        coalesce(stated.stated_group, known_customers.stated_group) AS id_group,
        groups_of_somebody.phone_group
    FROM identity_stated AS stated
    LEFT JOIN phone_rows ON phone_rows.row_order = stated.row_order
    LEFT JOIN groups_of_somebody ON groups_of_somebody.phone_group = phone_rows.phone_group
    LEFT JOIN known_customers ON known_customers.phone_group = groups_of_somebody.phone_group
),

stated_ids AS (
    SELECT stated_group, arg_min(entity_id, row_order) AS customer_id
    FROM identity_stated
    WHERE entity_id IS NOT NULL
    GROUP BY stated_group
),

identified AS (
    SELECT
        *,
        CASE
            WHEN id_group IS NOT NULL THEN min(row_order) OVER (PARTITION BY id_group)
            WHEN phone_group IS NOT NULL
            THEN min(row_order) OVER (PARTITION BY id_group, phone_group)
        END AS customer_order
    FROM grouped
)

SELECT
    identified.row_id,
    identified.row_order,
    identified.upload_order,
    identified.upload_id,
    identified.loan_id,
    identified.phone,
    identified.national_id,
    identified.entity_id,
    identified.is_record,
    identified.is_customer_record,
    identified.customer_order,
    CASE
        WHEN stated_ids.customer_id IS NOT NULL THEN stated_ids.customer_id
        WHEN customer_order IS NOT NULL THEN id_of('customer', CAST(first_rows.row_id AS VARCHAR))
    END AS customer_id
FROM identified
LEFT JOIN stated_ids ON stated_ids.stated_group = identified.id_group
LEFT JOIN identity_rows AS first_rows ON first_rows.row_order = identified.customer_order
