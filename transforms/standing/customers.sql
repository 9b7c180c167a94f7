-- Grain: one row per person of whom a record states again what is known.
-- Meaning: what the latest such record states counts; blank keeps what was stated before. A wish not to be called stands,
--          since the record says the same of it or nothing.
WITH stated AS (
    SELECT
        standing.customer_id, row_order_of(places.upload_order, standing.line_number) AS row_order, places.uploaded_at,
        rows.phone, rows.full_name, rows.email, rows.state
    FROM closure.standing AS standing
    JOIN _stg_loan_rows AS rows ON rows.row_id = standing.row_id
    JOIN whole._upload_places AS places ON places.upload_id = standing.upload_id
),

latest AS (
    SELECT
        customer_id,
        arg_max(phone, row_order) FILTER (WHERE phone IS NOT NULL) AS phone,
        arg_max(full_name, row_order) FILTER (WHERE full_name IS NOT NULL) AS full_name,
        arg_max(email, row_order) FILTER (WHERE email IS NOT NULL) AS email,
        arg_max(state, row_order) FILTER (WHERE state IS NOT NULL) AS state,
        max(uploaded_at) AS updated_at
    FROM stated
    GROUP BY customer_id
)

SELECT
    customers.* REPLACE (
        coalesce(latest.phone, customers.primary_phone) AS primary_phone,
        coalesce(latest.full_name, customers.full_name) AS full_name,
        coalesce(latest.email, customers.email) AS email,
        coalesce(latest.state, customers.state) AS state,
        latest.updated_at AS updated_at
    )
FROM latest
JOIN was.customers AS customers ON customers.id = latest.customer_id
