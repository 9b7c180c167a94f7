-- Grain: one row per record of ours that states a customer or a loan.
-- Meaning: what such a record states beyond the cells of a loan book: ids, times, and what only we say of a borrower.
-- Incremental: upload_id
WITH customers AS (
    SELECT
        rows.upload_id,
        rows.line_number,
        rows.entity_id AS customer_entity,
        rows.customer_row,
        CAST(NULL AS VARCHAR) AS former_customer_id,
        CAST(NULL AS VARCHAR) AS former_customer_row,
        coalesce(phones.phone, CASE WHEN NOT is_absent(rows.phone) THEN rows.phone END) AS phone_text,
        rows.language_code,
        call_status_of(rows.call_status) AS call_status,
        stated_time(rows.last_contact_date) AS last_contact_date,
        stated_time(rows.first_uploaded_at) AS first_uploaded_at,
        stated_time(rows.created_at) AS created_at,
        stated_time(rows.stated_at) AS stated_at,
        found_errors([
            cell_error('bad_value', 'customer_row', 'id', rows.customer_row, stated_id(rows.customer_row)),
            cell_error('bad_value', 'call_status', 'status', rows.call_status, call_status_of(rows.call_status)),
            cell_error('bad_date', 'last_contact_date', 'time', rows.last_contact_date, stated_time(rows.last_contact_date)),
            cell_error('bad_date', 'first_uploaded_at', 'time', rows.first_uploaded_at, stated_time(rows.first_uploaded_at)),
            cell_error('bad_date', 'created_at', 'time', rows.created_at, stated_time(rows.created_at)),
            cell_error('bad_date', 'stated_at', 'time', rows.stated_at, stated_time(rows.stated_at))
        ]) AS cell_errors
    FROM lake.customer_rows AS rows
    LEFT JOIN lake.phones AS phones ON phones.upload_id = rows.upload_id AND phones.phone_text = rows.phone
),

records AS (
    SELECT
        'customer' AS kind, upload_id, line_number, customer_entity, customer_row, former_customer_id, former_customer_row,
        CAST(NULL AS UUID) AS loan_entity,
        CAST(NULL AS VARCHAR) AS loan_id, CAST(NULL AS VARCHAR) AS former_loan_id, CAST(NULL AS VARCHAR) AS loan_status,
        phone_text, language_code, call_status, last_contact_date, first_uploaded_at, created_at, stated_at,
        cell_errors
    FROM customers
    UNION ALL
    SELECT
        'loan' AS kind, upload_id, line_number, stated_id(customer_id) AS customer_entity, customer_row,
        former_customer_id, former_customer_row, entity_id AS loan_entity, key_of(loan_number(loan_id)) AS loan_id,
        key_of(loan_number(former_loan_id)) AS former_loan_id,
        loan_status_of(loan_status) AS loan_status, CAST(NULL AS VARCHAR) AS phone_text,
        CAST(NULL AS VARCHAR) AS language_code, CAST(NULL AS VARCHAR) AS call_status,
        CAST(NULL AS TIMESTAMP) AS last_contact_date, CAST(NULL AS TIMESTAMP) AS first_uploaded_at,
        stated_time(created_at) AS created_at, stated_time(stated_at) AS stated_at,
        found_errors([
            cell_error('bad_value', 'customer_id', 'id', customer_id, stated_id(customer_id)),
            cell_error('bad_value', 'customer_row', 'id', customer_row, stated_id(customer_row)),
            cell_error('bad_value', 'former_customer_id', 'id', former_customer_id, stated_id(former_customer_id)),
            cell_error('bad_value', 'former_customer_row', 'id', former_customer_row, stated_id(former_customer_row)),
            cell_error('bad_date', 'created_at', 'time', created_at, stated_time(created_at)),
            cell_error('bad_date', 'stated_at', 'time', stated_at, stated_time(stated_at))
        ]) AS cell_errors
    FROM lake.loan_rows
)

SELECT
    row_id_of(uploads.sha256, records.line_number) AS row_id,
    records.* EXCLUDE (customer_row, former_customer_id, former_customer_row),
    stated_id(records.customer_row) AS customer_row,
    stated_id(records.former_customer_id) AS former_customer_entity,
    stated_id(records.former_customer_row) AS former_customer_row
FROM records
JOIN lake.uploads AS uploads ON uploads.upload_id = records.upload_id
