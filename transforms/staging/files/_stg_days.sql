-- Grain: one row per upload, date column and way in which a cell of it is written.
-- Meaning: the day that a cell means; a book has few days and many rows, so each way of writing one is read once.
-- Incremental: upload_id
WITH cells AS (
    SELECT upload_id, 'next_due_date' AS field, next_due_date AS cell FROM lake.borrower_rows
    UNION
    SELECT upload_id, 'last_paid_date' AS field, last_paid_date AS cell FROM lake.borrower_rows
),

ordered AS (
    SELECT cells.*, coalesce(orders.day_first, true) AS day_first
    FROM cells
    LEFT JOIN _stg_date_orders AS orders ON orders.upload_id = cells.upload_id AND orders.field = cells.field
    WHERE cells.cell IS NOT NULL
)

SELECT upload_id, field, cell, day_first, date_of(cell, day_first) AS day FROM ordered
