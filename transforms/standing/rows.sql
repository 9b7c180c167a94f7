-- Grain: one row per record that states again what is known, and is not reached.
-- Meaning: no tie leads to it either: what was known of its loan and borrower stands.
SELECT candidates.*
FROM candidates
ANTI JOIN rows AS reached ON reached.row_id = candidates.row_id
