-- Grain: one row per staged record that speaks of a call, as it was staged and as it is.
-- Meaning: what it ties together.
SELECT
    row_id, upload_id, call_sid, loan_id, from_phone, to_phone, triggered_by_batch, triggered_by_line, initiated_at, updated_at,
    row_error IS NULL AS is_usable
FROM was._stg_call_rows
UNION ALL
SELECT
    row_id, upload_id, call_sid, loan_id, from_phone, to_phone, triggered_by_batch, triggered_by_line, initiated_at, updated_at,
    row_error IS NULL AS is_usable
FROM fresh._stg_call_rows
