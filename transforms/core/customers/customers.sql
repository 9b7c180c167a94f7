-- Grain: one row per person.
-- Meaning: the latest stated value of every attribute of a person, and how the latest call went.
-- Replace by: id (customer)
WITH statements AS (
    SELECT
        customers.customer_id, row_order_of(uploads.upload_order, customers.line_number) AS row_order, customers.phone, customers.national_id,
        CASE WHEN NOT customers.is_aside THEN rows.full_name END AS full_name,
        CASE WHEN NOT customers.is_aside THEN rows.email END AS email,
        CASE WHEN NOT customers.is_aside THEN rows.state END AS state,
        CASE WHEN NOT customers.is_aside THEN rows.do_not_call END AS do_not_call,
        rows.kind,
        uploads.uploaded_at
    FROM _row_customers AS customers
    JOIN _stg_loan_rows AS rows ON rows.row_id = customers.row_id
    JOIN _upload_places AS uploads ON uploads.upload_id = customers.upload_id
),

latest AS (
    SELECT
        customer_id,
        arg_min(phone, row_order) FILTER (WHERE phone IS NOT NULL) AS first_phone,
        arg_max(phone, row_order) FILTER (WHERE phone IS NOT NULL) AS primary_phone,
        max(row_order) FILTER (WHERE phone IS NOT NULL) AS phone_order,
        arg_max(national_id, row_order) FILTER (WHERE national_id IS NOT NULL) AS national_id,
        arg_max(full_name, row_order) FILTER (WHERE full_name IS NOT NULL) AS full_name,
        arg_max(email, row_order) FILTER (WHERE email IS NOT NULL) AS email,
        arg_max(state, row_order) FILTER (WHERE state IS NOT NULL) AS state,
        arg_max(do_not_call, row_order) FILTER (WHERE do_not_call IS NOT NULL) AS do_not_call,
        max(uploaded_at) FILTER (WHERE NOT do_not_call AND kind = 'customer') AS script_allowed_at,
        max(uploaded_at) FILTER (WHERE NOT do_not_call AND kind = 'loan_book') AS book_allowed_at,
        min(uploaded_at) FILTER (WHERE do_not_call AND kind = 'loan_book') AS book_forbade_at,
        min(uploaded_at) AS created_at,
        max(uploaded_at) AS updated_at
    FROM statements
    GROUP BY customer_id
),

-- A record of ours says which phone is the person's now.
persons AS (
    SELECT
        latest.*,
        fingerprint_of(coalesce(stated.fingerprint_phone, latest.first_phone), latest.national_id, latest.customer_id) AS fingerprint,
        CASE
            WHEN stated.phone_order >= coalesce(latest.phone_order, 0) THEN stated.phone_text ELSE latest.primary_phone
        END AS stated_phone,
        stated.* EXCLUDE (customer_id, created_at, last_contact_date, phone_order),
        stated.created_at AS stated_created_at,
        stated.last_contact_date AS stated_contact_date,
        stated.customer_id IS NOT NULL AS is_stated
    FROM latest
    LEFT JOIN _stated_customers AS stated ON stated.customer_id = latest.customer_id
),

-- Of several persons with one fingerprint, which only our records can make, one who is stated has it.
owners AS (
    SELECT fingerprint, coalesce(min(customer_id) FILTER (WHERE is_stated), min(customer_id)) AS customer_id
    FROM persons
    GROUP BY fingerprint
    HAVING count(*) > 1
)

SELECT
    persons.customer_id AS id,
    CASE
        WHEN owners.customer_id <> persons.customer_id THEN fingerprint_of(NULL, NULL, persons.customer_id)
        ELSE persons.fingerprint
    END AS fingerprint,
    persons.full_name,
    persons.stated_phone AS primary_phone,
    persons.national_id,
    persons.email,
    persons.state,
    coalesce(persons.language_code, 'hi-IN') AS language_code,
    CASE
        WHEN calls.last_event_at >= coalesce(persons.call_status_at, calls.last_event_at) THEN calls.status
        ELSE coalesce(persons.call_status, calls.status, 'not_initiated')
    END AS status,
    CASE
        WHEN calls.last_event_at >= coalesce(persons.call_status_at, calls.last_event_at) THEN calls.status
        ELSE coalesce(persons.call_status, calls.status, 'not_initiated')
    END AS call_status,
    least(persons.created_at, persons.first_uploaded_at) AS first_uploaded_at,
    greatest(calls.last_contact_date, persons.stated_contact_date) AS last_contact_date,
    -- A wish of a call outlasts a book that never knew of it.
    coalesce(persons.do_not_call, false) OR (
        calls.wished_at IS NOT NULL
        AND coalesce(persons.script_allowed_at <= calls.wished_at, true)
        AND coalesce(
            persons.book_allowed_at <= calls.wished_at OR persons.book_forbade_at >= persons.book_allowed_at, true
        )
    ) AS do_not_call,
    least(persons.created_at, persons.stated_created_at) AS created_at,
    persons.updated_at
FROM persons
LEFT JOIN owners ON owners.fingerprint = persons.fingerprint
LEFT JOIN _customer_calls AS calls ON calls.customer_id = persons.customer_id
