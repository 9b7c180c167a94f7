-- Grain: one row per upload.
-- Inputs: file_uploads, upload_row_outcomes, row_error_counts, call_facts.
-- Meaning: how good an upload was, code by code, and what the calls it triggered came to.
WITH counts AS (
    SELECT
        file_upload_id,
        count(*) FILTER (WHERE status = 'created') AS created,
        count(*) FILTER (WHERE status = 'matched') AS matched
    FROM upload_row_outcomes
    GROUP BY file_upload_id
),

errors AS (
    SELECT
        file_upload_id,
        CAST(sum(records) FILTER (WHERE code = 'missing_loan_id') AS BIGINT) AS missing_loan_id,
        CAST(sum(records) FILTER (WHERE code = 'bad_loan_id') AS BIGINT) AS bad_loan_id,
        CAST(sum(records) FILTER (WHERE code = 'unidentified_customer') AS BIGINT) AS unidentified_customer,
        CAST(sum(records) FILTER (WHERE code = 'wrong_field_count') AS BIGINT) AS wrong_field_count,
        CAST(sum(records) FILTER (WHERE code = 'bad_quoting') AS BIGINT) AS bad_quoting,
        CAST(sum(records) FILTER (WHERE code = 'bad_encoding') AS BIGINT) AS bad_encoding,
        CAST(sum(records) FILTER (WHERE code = 'missing_call_sid') AS BIGINT) AS missing_call_sid,
        CAST(sum(records) FILTER (WHERE code = 'unknown_status') AS BIGINT) AS unknown_status,
        CAST(sum(records) FILTER (WHERE code = 'missing_upload') AS BIGINT) AS missing_upload,
        CAST(sum(records) FILTER (WHERE code = 'earlier_error') AS BIGINT) AS earlier_error,
        CAST(sum(records) FILTER (WHERE code = 'bad_amount') AS BIGINT) AS bad_amount,
        CAST(sum(records) FILTER (WHERE code = 'bad_date') AS BIGINT) AS bad_date,
        CAST(sum(records) FILTER (WHERE code = 'bad_phone') AS BIGINT) AS bad_phone,
        CAST(sum(records) FILTER (WHERE code = 'bad_national_id') AS BIGINT) AS bad_national_id,
        CAST(sum(records) FILTER (WHERE code = 'bad_number') AS BIGINT) AS bad_number,
        CAST(sum(records) FILTER (WHERE code = 'bad_flag') AS BIGINT) AS bad_flag,
        CAST(sum(records) FILTER (WHERE code = 'bad_value') AS BIGINT) AS bad_value
    FROM row_error_counts
    GROUP BY file_upload_id
),

calls AS (
    SELECT
        triggered_by_batch,
        count(*) AS calls,
        count(*) FILTER (WHERE is_attempt) AS attempts,
        count(*) FILTER (WHERE is_completed) AS completed
    FROM call_facts
    WHERE triggered_by_batch IS NOT NULL
    GROUP BY triggered_by_batch
)

SELECT
    uploads.id AS file_upload_id,
    uploads.filename,
    uploads.uploaded_by,
    uploads.uploaded_at,
    uploads.kind,
    uploads.status,
    uploads.total_records,
    coalesce(counts.created, 0) AS created,
    coalesce(counts.matched, 0) AS matched,
    uploads.duplicate_records AS duplicate,
    uploads.failed_records AS error,
    rate(uploads.success_records, uploads.total_records) AS share_good,
    coalesce(errors.missing_loan_id, 0) AS missing_loan_id,
    coalesce(errors.bad_loan_id, 0) AS bad_loan_id,
    coalesce(errors.unidentified_customer, 0) AS unidentified_customer,
    coalesce(errors.wrong_field_count, 0) AS wrong_field_count,
    coalesce(errors.bad_quoting, 0) AS bad_quoting,
    coalesce(errors.bad_encoding, 0) AS bad_encoding,
    coalesce(errors.missing_call_sid, 0) AS missing_call_sid,
    coalesce(errors.unknown_status, 0) AS unknown_status,
    coalesce(errors.missing_upload, 0) AS missing_upload,
    coalesce(errors.earlier_error, 0) AS earlier_error,
    coalesce(errors.bad_amount, 0) AS bad_amount,
    coalesce(errors.bad_date, 0) AS bad_date,
    coalesce(errors.bad_phone, 0) AS bad_phone,
    coalesce(errors.bad_national_id, 0) AS bad_national_id,
    coalesce(errors.bad_number, 0) AS bad_number,
    coalesce(errors.bad_flag, 0) AS bad_flag,
    coalesce(errors.bad_value, 0) AS bad_value,
    coalesce(calls.calls, 0) AS calls,
    coalesce(calls.attempts, 0) AS attempts,
    coalesce(calls.completed, 0) AS completed,
    rate(calls.completed, calls.attempts) AS success_rate
FROM file_uploads AS uploads
LEFT JOIN counts ON counts.file_upload_id = uploads.id
LEFT JOIN errors ON errors.file_upload_id = uploads.id
LEFT JOIN calls ON calls.triggered_by_batch = uploads.id
