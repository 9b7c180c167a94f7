WITH figures AS (
    SELECT loan_ref, {{ call_figures() }}
    FROM {{ ref('call_facts') }}
    GROUP BY loan_ref
)

SELECT
    loans.loan_id,
    loans.id AS loan_ref,
    loans.customer_id,
    {{ shown_figures('figures') }},
    figures.first_call_at,
    figures.last_call_at
FROM {{ ref('loans') }} AS loans
LEFT JOIN figures ON figures.loan_ref = loans.id
