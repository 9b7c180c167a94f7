-- Grain: one row per record of ours, as it was staged and as it is, and thing that it may state or refer to.
-- Meaning: what ties it to others, beside the cells that a file may have too: a person, a loan or an upload by its id, a
--          row by its id. What a record says of an upload depends on nothing but whether there is one.
WITH borrowers AS (
    SELECT * FROM was._stg_borrower_records
    UNION ALL
    SELECT * FROM fresh._stg_borrower_records
),

calls AS (
    SELECT * FROM was._stg_call_records
    UNION ALL
    SELECT * FROM fresh._stg_call_records
),

uploads AS (
    SELECT * FROM was._stg_file_upload_records
    UNION ALL
    SELECT * FROM fresh._stg_file_upload_records
),

upload_rows AS (
    SELECT * FROM was._stg_upload_row_records
    UNION ALL
    SELECT * FROM fresh._stg_upload_row_records
)

SELECT
    row_id,
    upload_id,
    unnest(['loan', 'loan', 'loan entity', 'customer', 'customer', 'row', 'row']) AS kind,
    unnest([
        loan_id, former_loan_id, CAST(loan_entity AS VARCHAR), CAST(customer_entity AS VARCHAR),
        CAST(former_customer_entity AS VARCHAR), CAST(customer_row AS VARCHAR), CAST(former_customer_row AS VARCHAR)
    ]) AS name
FROM borrowers
UNION ALL
-- A call that never got a call_sid has a name made of its id.
SELECT
    row_id,
    upload_id,
    unnest(['call', 'call', 'call entity', 'loan entity', 'customer', 'row', 'row', 'known upload']) AS kind,
    unnest([
        call_sid, 'no-sid-' || CAST(call_entity AS VARCHAR), CAST(call_entity AS VARCHAR), CAST(loan_ref AS VARCHAR),
        CAST(customer_entity AS VARCHAR), CAST(customer_row AS VARCHAR), CAST(triggering_row AS VARCHAR),
        CAST(triggering_upload AS VARCHAR)
    ]) AS name
FROM calls
UNION ALL
SELECT row_id, upload_id, unnest(['upload', 'known upload']) AS kind, CAST(entity_id AS VARCHAR) AS name FROM uploads
UNION ALL
SELECT
    row_id,
    upload_id,
    unnest(['row', 'row', 'customer', 'loan entity', 'known upload']) AS kind,
    unnest([
        CAST(entity_id AS VARCHAR), CAST(customer_row AS VARCHAR), CAST(customer_entity AS VARCHAR), CAST(loan_ref AS VARCHAR),
        CAST(file_upload_id AS VARCHAR)
    ]) AS name
FROM upload_rows
