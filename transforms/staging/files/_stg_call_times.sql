-- Grain: one row per record that speaks of a call: of a call log, or of ours (call, status).
-- Meaning: the record's cells, with its times in UTC. An end in 1970 is none; one of a log that is read more than twelve
--          hours before the start, on its day, is of the next day: a clock without a date, and a call past midnight.
-- Step: a part of _stg_call_rows
WITH plain AS (
    SELECT
        *,
        plain_timestamp(initiated_at, initiated_day_first, minutes_east) AS plain_initiated,
        plain_timestamp(ended_at, ended_day_first, minutes_east) AS plain_ended,
        plain_timestamp(updated_at, updated_day_first, minutes_east) AS plain_updated,
        loan_number(loan_cell) AS loan_text
    FROM _stg_call_cells
),

-- What else states the start serves where nothing better does.
started AS (
    SELECT
        *,
        CASE
            WHEN plain_initiated IS NULL THEN plain_timestamp(initiated_else, initiated_day_first, minutes_east)
        END AS plain_else
    FROM plain
),

-- Times are rarely written otherwise than plainly, and then are long to read.
worded AS (
    SELECT
        *,
        CASE
            WHEN
                (initiated_at IS NOT NULL AND plain_initiated IS NULL)
                OR (ended_at IS NOT NULL AND plain_ended IS NULL)
                OR (updated_at IS NOT NULL AND plain_updated IS NULL)
                OR (initiated_else IS NOT NULL AND coalesce(plain_initiated, plain_else) IS NULL)
                THEN list_transform(
                    [
                        { 'cell': initiated_at, 'day_first': initiated_day_first },
                        { 'cell': ended_at, 'day_first': ended_day_first },
                        { 'cell': updated_at, 'day_first': updated_day_first },
                        { 'cell': initiated_else, 'day_first': initiated_day_first }
                    ],
                    LAMBDA stated: worded_timestamp(stated.cell, stated.day_first, minutes_east)
                )
        END AS worded_times
    FROM started
),

typed AS (
    SELECT
        *,
        coalesce(plain_initiated, worded_times[1], plain_else, worded_times[4]) AS initiated,
        coalesce(plain_ended, worded_times[2]) AS ended,
        coalesce(plain_updated, worded_times[3]) AS updated
    FROM worded
)

SELECT
    *,
    CASE
        WHEN year(ended + to_minutes(utc_offset_minutes)) > 1970
            THEN
                ended
                + CASE
                    WHEN
                        kind = 'call_log'
                        AND ended < initiated - INTERVAL 12 HOUR
                        AND CAST(ended + to_minutes(utc_offset_minutes) AS DATE) = CAST(initiated + to_minutes(utc_offset_minutes) AS DATE)
                        THEN INTERVAL 1 DAY
                    ELSE INTERVAL 0 DAY
                END
    END AS ended_after_start
FROM typed
