-- Grain: one row per usable row that speaks of a borrower.
-- Meaning: what a row says of who its customer is. A row of a file states the id of a
--          customer where a record of ours names it as the row that the customer's id comes from.
WITH origins AS (
    SELECT row_id, min(customer_entity) AS customer_entity
    FROM (
        SELECT customer_row AS row_id, customer_entity FROM _borrower_statements
        UNION ALL
        SELECT former_customer_row AS row_id, former_customer_entity AS customer_entity FROM _borrower_statements
    ) AS named
    WHERE row_id IS NOT NULL AND customer_entity IS NOT NULL
    GROUP BY row_id
),

-- An id that a loan states and no customer has is nobody's.
known_customers AS (
    SELECT customer_entity FROM _borrower_statements WHERE kind = 'customer'
    UNION
    SELECT customer_entity FROM origins
),

records AS (
    SELECT
        statements.row_id, known_customers.customer_entity, statements.kind = 'customer' AS is_customer_record,
        loan_id_map.loan_id
    FROM _borrower_statements AS statements
    LEFT JOIN _loan_id_map AS loan_id_map ON loan_id_map.loan_entity = statements.loan_entity
    LEFT JOIN known_customers ON known_customers.customer_entity = statements.customer_entity
)

SELECT
    rows.row_id,
    rows.upload_id,
    rows.line_number,
    coalesce(records.loan_id, renames.loan_id, rows.loan_id) AS loan_id,
    CASE WHEN contact_phones.phone IS NULL THEN rows.phone END AS phone,
    rows.national_id,
    rows.borrower_role,
    coalesce(records.customer_entity, origins.customer_entity) AS entity_id,
    rows.kind <> 'loan_book' AS is_record,
    coalesce(records.is_customer_record, false) AS is_customer_record
FROM _stg_loan_rows AS rows
LEFT JOIN _contact_phones AS contact_phones ON contact_phones.phone = rows.phone
LEFT JOIN _loan_renames AS renames ON renames.former_loan_id = rows.loan_id
LEFT JOIN records ON records.row_id = rows.row_id
LEFT JOIN origins ON origins.row_id = rows.row_id
WHERE rows.row_error IS NULL
