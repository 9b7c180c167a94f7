-- Grain: one row per fingerprint that somebody has had and has no longer.
-- Meaning: whoever asks by an old phone or without the national id still finds the person.
-- Replace by: customer_id (person)
WITH stated AS (
    SELECT DISTINCT customer_id, phone, national_id
    FROM _row_customers
    WHERE phone IS NOT NULL
)

SELECT fingerprint_of(stated.phone, stated.national_id, stated.customer_id) AS fingerprint, min(stated.customer_id) AS customer_id
FROM stated
JOIN customers ON customers.id = stated.customer_id
LEFT JOIN customers AS owners ON owners.fingerprint = fingerprint_of(stated.phone, stated.national_id, stated.customer_id)
WHERE owners.id IS NULL
GROUP BY fingerprint_of(stated.phone, stated.national_id, stated.customer_id)
