-- A person is a national id; else the only one that goes with the phone; else the phone; else the loan.
{{ config(materialized='view') }}

WITH phones AS (
    SELECT phone, min(national_id) AS national_id
    FROM {{ ref('stg_loan_rows') }}
    WHERE phone IS NOT NULL AND national_id IS NOT NULL
    GROUP BY phone
    HAVING min(national_id) = max(national_id)
)

SELECT rows.*, md5(coalesce(rows.national_id, phones.national_id, rows.phone, rows.loan_id)) AS customer_id
FROM {{ ref('stg_loan_rows') }} AS rows
LEFT JOIN phones ON phones.phone = rows.phone
