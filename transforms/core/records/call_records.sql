-- Grain: one row per record of ours that states a call or one of its statuses.
-- Inputs: stg_call_records, stg_uploads.
-- Meaning: the records in the one order of rows.
SELECT records.*, row_order_of(uploads.upload_order, records.line_number) AS row_order
FROM stg_call_records AS records
JOIN stg_uploads AS uploads ON uploads.upload_id = records.upload_id
