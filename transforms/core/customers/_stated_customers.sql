-- Grain: one row per person whom a record of ours states.
-- Meaning: what only our records say of a person, and the phone by which they know them.
-- Step: a part of customers
SELECT
    customers.customer_id,
    arg_max(customers.phone, records.row_order) FILTER (WHERE customers.phone IS NOT NULL) AS fingerprint_phone,
    arg_max(records.phone_text, records.row_order) FILTER (WHERE records.phone_text IS NOT NULL) AS phone_text,
    max(records.row_order) FILTER (WHERE records.phone_text IS NOT NULL) AS phone_order,
    arg_max(records.language_code, records.row_order) FILTER (WHERE records.language_code IS NOT NULL) AS language_code,
    arg_max(records.call_status, records.row_order) FILTER (WHERE records.call_status IS NOT NULL) AS call_status,
    arg_max(records.stated_at, records.row_order) FILTER (WHERE records.call_status IS NOT NULL) AS call_status_at,
    max(records.last_contact_date) AS last_contact_date,
    min(records.first_uploaded_at) AS first_uploaded_at,
    min(records.created_at) AS created_at
FROM _borrower_statements AS records
JOIN _row_customers AS customers ON customers.row_id = records.row_id
WHERE records.kind = 'customer'
GROUP BY customers.customer_id
