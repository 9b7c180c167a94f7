-- Grain: one row per phone of a branch or an employee, before or after.
-- Meaning: whether it is one before and after: it ties nothing then. What is one at one time only touches all who state it.
SELECT coalesce(earlier.phone, now.phone) AS phone, earlier.phone IS NOT NULL AND now.phone IS NOT NULL AS is_lasting
FROM was._contact_phones AS earlier
FULL JOIN whole._contact_phones AS now ON now.phone = earlier.phone
