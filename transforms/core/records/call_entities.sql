-- Grain: one row per id under which a record of ours states a call.
-- Inputs: call_records.
-- Meaning: the call_sid of the call that goes by the id; a call that never got one has a name made of its id.
SELECT
    call_entity,
    coalesce(
        arg_max(call_sid, row_order) FILTER (WHERE call_sid IS NOT NULL), 'no-sid-' || CAST(call_entity AS VARCHAR)
    ) AS call_sid
FROM call_records
WHERE kind = 'call' AND call_entity IS NOT NULL
GROUP BY call_entity
