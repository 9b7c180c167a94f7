-- Grain: one row per call that has a loan.
-- Inputs: call_attributions, loan_keepers.
-- Meaning: the loan's row in the latest upload before the call, and who kept the loan then; what first comes after
--          the call where nothing was stated before it.
WITH called_loans AS (
    SELECT DISTINCT loan_id FROM call_attributions WHERE loan_id IS NOT NULL
),

timeline AS (
    SELECT
        keepers.loan_id, keepers.valid_from AS moment, 0 AS is_call, keepers.upload_order, CAST(NULL AS VARCHAR) AS call_sid,
        keepers.upload_row_id, keepers.file_upload_id, keepers.employee, keepers.cluster, keepers.branch
    FROM loan_keepers AS keepers
    JOIN called_loans ON called_loans.loan_id = keepers.loan_id
    UNION ALL
    SELECT
        loan_id, called_at AS moment, 1 AS is_call, CAST(NULL AS BIGINT) AS upload_order, call_sid,
        CAST(NULL AS UUID) AS upload_row_id, CAST(NULL AS UUID) AS file_upload_id, CAST(NULL AS VARCHAR) AS employee,
        CAST(NULL AS VARCHAR) AS cluster, CAST(NULL AS VARCHAR) AS branch
    FROM call_attributions
    WHERE loan_id IS NOT NULL
),

seen AS (
    SELECT
        loan_id,
        call_sid,
        coalesce(last_value(upload_row_id IGNORE NULLS) OVER to_call, first_value(upload_row_id IGNORE NULLS) OVER from_call) AS upload_row_id,
        coalesce(last_value(file_upload_id IGNORE NULLS) OVER to_call, first_value(file_upload_id IGNORE NULLS) OVER from_call) AS file_upload_id,
        coalesce(last_value(employee IGNORE NULLS) OVER to_call, first_value(employee IGNORE NULLS) OVER from_call) AS employee,
        coalesce(last_value(cluster IGNORE NULLS) OVER to_call, first_value(cluster IGNORE NULLS) OVER from_call) AS cluster,
        coalesce(last_value(branch IGNORE NULLS) OVER to_call, first_value(branch IGNORE NULLS) OVER from_call) AS branch
    FROM timeline
    WINDOW
        to_call AS (
            PARTITION BY loan_id ORDER BY moment, is_call, upload_order NULLS LAST, call_sid NULLS FIRST
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ),
        from_call AS (
            PARTITION BY loan_id ORDER BY moment, is_call, upload_order NULLS LAST, call_sid NULLS FIRST
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        )
)

SELECT * FROM seen WHERE call_sid IS NOT NULL
