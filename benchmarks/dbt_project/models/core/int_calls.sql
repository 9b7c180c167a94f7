-- One row per call, of the latest log that has it; an end of the call goes before what only leads to it.
SELECT *
FROM {{ ref('stg_call_rows') }}
QUALIFY row_number() OVER (
    PARTITION BY call_sid
    ORDER BY status IN ('call_completed', 'disconnected', 'failed') DESC, uploaded_at DESC
) = 1
