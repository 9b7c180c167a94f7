-- Grain: one row per usable row.
-- Meaning: rules 0 to 2: the group of the row's own ids, else the only one that any row of its loan states.
WITH own AS (
    SELECT rows.*, groups.label AS own_group
    FROM _identity_stated_links AS rows
    LEFT JOIN _identity_stated_groups AS groups ON groups.node = coalesce(rows.node, rows.other_node)
),

of_loans AS (
    SELECT loan_id, min(own_group) AS loan_group
    FROM own
    WHERE own_group IS NOT NULL
    GROUP BY loan_id
    HAVING min(own_group) = max(own_group)
)

SELECT
    own.* EXCLUDE (own_group, node, other_node),
    coalesce(own.own_group, of_loans.loan_group) AS stated_group
FROM own
LEFT JOIN of_loans ON of_loans.loan_id = own.loan_id
