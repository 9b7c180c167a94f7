WITH figures AS (
    SELECT cluster, branch, {{ call_figures() }}
    FROM {{ ref('call_facts') }}
    GROUP BY cluster, branch
),

loans AS (
    SELECT coalesce(cluster, '(none)') AS cluster, coalesce(branch, '(none)') AS branch, count(*) AS loans
    FROM {{ ref('loans') }}
    GROUP BY coalesce(cluster, '(none)'), coalesce(branch, '(none)')
),

recovered AS (
    SELECT cluster, branch, count(*) AS payments, sum(amount) AS amount
    FROM {{ ref('recoveries') }}
    GROUP BY cluster, branch
),

overall AS (
    SELECT sum(completed) / sum(attempts) AS success_rate FROM figures
),

shown AS (
    SELECT
        coalesce(loans.cluster, figures.cluster) AS cluster,
        coalesce(loans.branch, figures.branch) AS branch,
        coalesce(loans.loans, 0) AS loans,
        {{ shown_figures('figures') }},
        {{ shrunk_rate('figures', 'overall.success_rate') }} AS shrunk_rate
    FROM loans
    FULL JOIN figures ON figures.cluster = loans.cluster AND figures.branch = loans.branch
    CROSS JOIN overall
)

SELECT
    shown.*,
    CASE
        WHEN shown.branch <> '(none)'
            THEN rank() OVER (PARTITION BY shown.branch <> '(none)' ORDER BY shown.shrunk_rate DESC)
    END AS rank,
    coalesce(recovered.payments, 0) AS payments,
    coalesce(recovered.amount, 0) AS recovered_amount
FROM shown
LEFT JOIN recovered ON recovered.cluster = shown.cluster AND recovered.branch = shown.branch
