-- Grain: one row per touched call.
-- Meaning: it is told anew.
SELECT name FROM ties WHERE kind = 'call'
