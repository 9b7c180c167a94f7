-- Grain: one row per record that states again what is known, and one per record that it follows.
-- Meaning: their customer is the one that there was.
SELECT
    row_id, upload_id, line_number, loan_id, CAST(NULL AS UUID) AS entity_id, false AS is_record, false AS is_customer_record,
    false AS is_aside, phone, national_id, earlier_row_id AS first_row_id, customer_id
FROM closure.standing
UNION ALL
SELECT
    earlier_row_id AS row_id, earlier_upload_id AS upload_id, earlier_line_number AS line_number, loan_id,
    CAST(NULL AS UUID) AS entity_id, false AS is_record, false AS is_customer_record, false AS is_aside, phone, national_id,
    earlier_row_id AS first_row_id, customer_id
FROM closure.standing
