-- Grain: one row per person.
-- Inputs: row_customers, stg_loan_rows, stg_uploads, call_sessions.
-- Meaning: the latest stated value of every attribute of a person, and how the latest call went.
WITH statements AS (
    SELECT
        customers.customer_id, customers.row_order, customers.phone, customers.national_id,
        rows.full_name, rows.email, rows.state, rows.do_not_call, uploads.uploaded_at
    FROM row_customers AS customers
    JOIN stg_loan_rows AS rows ON rows.row_id = customers.row_id
    JOIN stg_uploads AS uploads ON uploads.upload_order = customers.upload_order
    WHERE customers.customer_id IS NOT NULL
),

stated AS (
    SELECT
        customer_id,
        arg_min(phone, row_order) FILTER (WHERE phone IS NOT NULL) AS first_phone,
        arg_max(phone, row_order) FILTER (WHERE phone IS NOT NULL) AS primary_phone,
        arg_max(national_id, row_order) FILTER (WHERE national_id IS NOT NULL) AS national_id,
        arg_max(full_name, row_order) FILTER (WHERE full_name IS NOT NULL) AS full_name,
        arg_max(email, row_order) FILTER (WHERE email IS NOT NULL) AS email,
        arg_max(state, row_order) FILTER (WHERE state IS NOT NULL) AS state,
        arg_max(do_not_call, row_order) FILTER (WHERE do_not_call IS NOT NULL) AS do_not_call,
        min(uploaded_at) AS created_at,
        max(uploaded_at) AS updated_at
    FROM statements
    GROUP BY customer_id
),

calls AS (
    SELECT
        customer_id,
        max(initiated_at) FILTER (WHERE status <> 'not_initiated') AS last_contact_date
    FROM call_sessions
    WHERE customer_id IS NOT NULL
    GROUP BY customer_id
),

latest_calls AS (
    SELECT customer_id, status
    FROM call_sessions
    WHERE customer_id IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY customer_id ORDER BY coalesce(initiated_at, created_at) DESC, call_sid DESC
    ) = 1
)

SELECT
    stated.customer_id AS id,
    CAST(md5(coalesce(replace(stated.first_phone, '+', ''), '') || '|' || coalesce(stated.national_id, '')) AS UUID) AS fingerprint,
    stated.full_name,
    stated.primary_phone,
    stated.national_id,
    stated.email,
    stated.state,
    coalesce(latest_calls.status, 'not_initiated') AS status,
    coalesce(latest_calls.status, 'not_initiated') AS call_status,
    stated.created_at AS first_uploaded_at,
    calls.last_contact_date,
    coalesce(stated.do_not_call, false) AS do_not_call,
    stated.created_at,
    stated.updated_at
FROM stated
LEFT JOIN calls ON calls.customer_id = stated.customer_id
LEFT JOIN latest_calls ON latest_calls.customer_id = stated.customer_id
