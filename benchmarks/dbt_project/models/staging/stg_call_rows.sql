WITH typed AS (
    SELECT
        md5(parse_filename(filename)) AS file_upload_id,
        {{ text('"CallSid"') }} AS call_sid,
        {{ phone('"From"') }} AS from_number,
        {{ phone('"To"') }} AS to_number,
        {{ text('"Direction"') }} AS direction,
        lower({{ text('"Status"') }}) AS provider_status,
        coalesce({{ utc('"StartTime"') }}, {{ utc('"DateCreated"') }}) AS initiated_at,
        {{ utc('"EndTime"') }} AS ended_at,
        TRY_CAST({{ text('"Duration"') }} AS INTEGER) AS duration_seconds,
        TRY_CAST({{ text('"ConversationDuration"') }} AS INTEGER) AS conversation_seconds,
        TRY_CAST({{ text('"Price"') }} AS DECIMAL(10, 4)) AS price,
        upper({{ text('"CustomField"') }}) AS stated_loan_id
    FROM {{ source('received', 'call_logs') }}
)

SELECT
    typed.*,
    CASE
        WHEN provider_status IN ('not_initiated', 'ready', 'scheduled') THEN 'not_initiated'
        WHEN provider_status IN ('queued', 'initiated', 'calling', 'ringing') THEN 'calling'
        WHEN provider_status IN ('in-progress', 'answered') THEN 'call_in_progress'
        WHEN provider_status = 'completed' THEN 'call_completed'
        WHEN provider_status IN ('busy', 'no-answer', 'canceled') THEN 'disconnected'
        WHEN provider_status = 'failed' THEN 'failed'
    END AS status,
    uploads.uploaded_at
FROM typed
JOIN {{ ref('stg_uploads') }} AS uploads ON uploads.id = typed.file_upload_id
WHERE typed.call_sid IS NOT NULL
