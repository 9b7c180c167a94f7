-- Grain: one row per record of a call that speaks of the leg of its from_number.
-- Meaning: whether the borrower is on that leg: customers state the number that called, and none the one that was called.
SELECT rows.row_id, bool_or(callers.phone IS NOT NULL) AND NOT bool_or(called.phone IS NOT NULL) AS is_from_leg
FROM _stg_call_rows AS rows
LEFT JOIN _customer_phones AS called ON called.phone = rows.to_phone
LEFT JOIN _customer_phones AS callers ON callers.phone = rows.from_phone
WHERE rows.from_leg_word IS NOT NULL
GROUP BY rows.row_id
