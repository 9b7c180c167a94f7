-- Grain: one row per id of a touched call.
-- Meaning: what happened to it is told anew.
SELECT calls.id
FROM was.call_sessions AS calls
SEMI JOIN ties ON ties.kind = 'call' AND ties.name = calls.call_sid
