WITH calls AS (
    SELECT customer_id, arg_max(status, initiated_at) AS status, max(initiated_at) AS last_contact_date
    FROM {{ ref('call_sessions') }}
    GROUP BY customer_id
),

latest AS (
    SELECT
        customer_id AS id,
        arg_max(full_name, (uploaded_at, loan_id)) AS full_name,
        arg_max(phone, (uploaded_at, loan_id)) AS primary_phone,
        arg_max(national_id, (uploaded_at, loan_id)) AS national_id,
        arg_max(state, (uploaded_at, loan_id)) AS state,
        min(uploaded_at) AS first_uploaded_at,
        max(uploaded_at) AS updated_at
    FROM {{ ref('int_borrower_rows') }}
    GROUP BY customer_id
)

SELECT latest.*, coalesce(calls.status, 'not_initiated') AS call_status, calls.last_contact_date
FROM latest
LEFT JOIN calls ON calls.customer_id = latest.id
