-- Grain: one row per record of ours that states a customer or a loan.
-- Meaning: the records in the one order of rows.
-- Step: what moves is not kept
SELECT records.*, row_order_of(places.upload_order, records.line_number) AS row_order
FROM _stg_borrower_records AS records
JOIN _upload_places AS places ON places.upload_id = records.upload_id
