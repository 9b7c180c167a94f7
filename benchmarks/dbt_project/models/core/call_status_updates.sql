WITH updates AS (
    SELECT call_sid, status, provider_status, uploaded_at AS timestamp
    FROM {{ ref('stg_call_rows') }}
    QUALIFY row_number() OVER (PARTITION BY call_sid, status ORDER BY uploaded_at) = 1
)

SELECT
    md5(call_sid || '|' || status) AS id,
    md5(call_sid) AS call_session_id,
    row_number() OVER (PARTITION BY call_sid ORDER BY timestamp, status) AS sequence,
    status,
    provider_status,
    timestamp
FROM updates
