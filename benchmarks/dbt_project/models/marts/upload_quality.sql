WITH records AS (
    SELECT file_upload_id, count(*) AS total_records, count(*) FILTER (WHERE has_bad_cell) AS used_in_part
    FROM {{ ref('stg_loan_rows') }}
    GROUP BY file_upload_id
    UNION ALL
    SELECT file_upload_id, count(*) AS total_records, 0 AS used_in_part
    FROM {{ ref('stg_call_rows') }}
    GROUP BY file_upload_id
),

calls AS (
    SELECT triggered_by_batch, count(*) AS calls, {{ call_figures() }}
    FROM {{ ref('call_facts') }}
    GROUP BY triggered_by_batch
)

SELECT
    uploads.id AS file_upload_id,
    uploads.filename,
    uploads.uploaded_by,
    uploads.uploaded_at,
    uploads.kind,
    coalesce(records.total_records, 0) AS total_records,
    coalesce(records.used_in_part, 0) AS used_in_part,
    coalesce(calls.calls, 0) AS calls,
    {{ shown_figures('calls') }}
FROM {{ ref('stg_uploads') }} AS uploads
LEFT JOIN records ON records.file_upload_id = uploads.id
LEFT JOIN calls ON calls.triggered_by_batch = uploads.id
