-- Grain: one row per record that speaks of a call.
-- Meaning: what a record says of a call (none, where row_error says why), and its place in the order in which things are
--          true: by its own time, then as received.
-- Step: what moves is not kept, and nothing is worked out here that costs
WITH records AS (
    SELECT records.*, row_order_of(places.upload_order, records.line_number) AS row_order
    FROM _stg_call_records AS records
    JOIN _upload_places AS places ON places.upload_id = records.upload_id
),

-- The call that goes by an id of ours; one that never got a call_sid has a name made of its id.
entities AS (
    SELECT
        call_entity,
        coalesce(
            arg_max(call_sid, row_order) FILTER (WHERE call_sid IS NOT NULL), 'no-sid-' || CAST(call_entity AS VARCHAR)
        ) AS call_sid
    FROM records
    WHERE kind = 'call' AND call_entity IS NOT NULL
    GROUP BY call_entity
),

-- What became of the call as the row tells it, with the leg that is the borrower's.
rows AS (
    SELECT
        rows.*,
        call_outcome(
            rows.status_word,
            CASE WHEN legs.is_from_leg THEN rows.from_leg_word ELSE rows.to_leg_word END,
            CASE WHEN legs.is_from_leg THEN rows.to_leg_word ELSE rows.from_leg_word END,
            rows.reason_word, rows.conversation_seconds, rows.duration_seconds, rows.ended_at IS NOT NULL
        ) AS status
    FROM _stg_call_rows AS rows
    LEFT JOIN _borrower_legs AS legs ON legs.row_id = rows.row_id
)

SELECT
    rows.* EXCLUDE (call_sid, loan_id, row_error),
    CASE
        WHEN rows.row_error IS NULL AND coalesce(entities.call_sid, rows.call_sid) IS NULL
            THEN 'missing_call_sid: the record is about a call that is not known'
        WHEN rows.row_error IS NULL AND rows.status IS NULL
            THEN 'unknown_status: nothing in the row says what came of the call'
        ELSE rows.row_error
    END AS row_error,
    CASE WHEN rows.row_error IS NULL THEN coalesce(entities.call_sid, rows.call_sid) END AS call_sid,
    rows.loan_id AS loan_number,
    coalesce(loan_id_map.loan_id, renames.loan_id, rows.loan_id) AS loan_id,
    places.uploaded_at,
    coalesce(rows.updated_at, places.uploaded_at) AS event_at,
    row_order_of(places.upload_order, rows.line_number) AS row_order,
    event_order_of(
        coalesce(rows.updated_at, places.uploaded_at), row_order_of(places.upload_order, rows.line_number)
    ) AS event_order,
    records.entity_id,
    records.customer_entity,
    records.customer_row,
    records.triggering_upload,
    records.triggering_row,
    records.created_at AS stated_created_at,
    records.cell_errors AS more_cell_errors
FROM rows
JOIN _upload_places AS places ON places.upload_id = rows.upload_id
LEFT JOIN records ON records.row_id = rows.row_id
LEFT JOIN entities ON entities.call_entity = records.call_entity
LEFT JOIN _loan_id_map AS loan_id_map ON loan_id_map.loan_entity = records.loan_ref
LEFT JOIN _loan_renames AS renames ON renames.former_loan_id = rows.loan_id
