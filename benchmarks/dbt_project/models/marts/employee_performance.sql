WITH figures AS (
    SELECT employee, {{ call_figures() }}
    FROM {{ ref('call_facts') }}
    GROUP BY employee
),

loans AS (
    SELECT coalesce(employee_id, '(none)') AS employee, any_value(employee_name) AS employee_name, count(*) AS loans
    FROM {{ ref('loans') }}
    GROUP BY coalesce(employee_id, '(none)')
),

recovered AS (
    SELECT employee, count(*) AS payments, sum(amount) AS amount FROM {{ ref('recoveries') }} GROUP BY employee
),

overall AS (
    SELECT sum(completed) / sum(attempts) AS success_rate FROM figures
),

shown AS (
    SELECT
        coalesce(loans.employee, figures.employee) AS employee,
        loans.employee_name,
        coalesce(loans.loans, 0) AS loans,
        {{ shown_figures('figures') }},
        {{ shrunk_rate('figures', 'overall.success_rate') }} AS shrunk_rate
    FROM loans
    FULL JOIN figures ON figures.employee = loans.employee
    CROSS JOIN overall
)

SELECT
    shown.*,
    CASE
        WHEN shown.employee <> '(none)'
            THEN rank() OVER (PARTITION BY shown.employee <> '(none)' ORDER BY shown.shrunk_rate DESC)
    END AS rank,
    coalesce(recovered.payments, 0) AS payments,
    coalesce(recovered.amount, 0) AS recovered_amount
FROM shown
LEFT JOIN recovered ON recovered.employee = shown.employee
