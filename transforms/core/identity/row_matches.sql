-- Grain: one row per usable row that has a customer.
-- Inputs: row_customers.
-- Meaning: what ties a row to an earlier row of its customer, the strongest that holds, and whether its loan is new.
WITH firsts AS (
    SELECT
        row_id,
        row_order,
        customer_order,
        loan_id,
        is_record AND entity_id IS NOT NULL AS states_its_id,
        CASE WHEN phone IS NOT NULL AND national_id IS NOT NULL
            THEN min(row_order) OVER (PARTITION BY customer_order, phone, national_id) END AS first_with_both,
        CASE WHEN national_id IS NOT NULL
            THEN min(row_order) OVER (PARTITION BY customer_order, national_id) END AS first_with_id,
        CASE WHEN phone IS NOT NULL
            THEN min(row_order) OVER (PARTITION BY customer_order, phone) END AS first_with_phone,
        min(row_order) OVER (PARTITION BY customer_order, loan_id) AS first_with_loan,
        min(row_order) OVER (PARTITION BY loan_id) AS first_of_loan
    FROM row_customers
    WHERE customer_order IS NOT NULL
)

SELECT
    row_id,
    row_order = customer_order OR (loan_id IS NOT NULL AND row_order = first_of_loan) AS is_first_sight,
    CASE
        WHEN row_order = customer_order THEN 'created'
        WHEN states_its_id THEN 'entity_id'
        WHEN first_with_both < row_order THEN 'fingerprint'
        WHEN first_with_id < row_order THEN 'national_id'
        WHEN first_with_phone < row_order THEN 'phone'
        WHEN loan_id IS NOT NULL AND first_with_loan < row_order THEN 'loan_id'
        ELSE 'linked'
    END AS match_method
FROM firsts
