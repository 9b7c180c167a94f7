-- Grain: one row per upload and status word of a call log.
-- Meaning: what the word says of a call, null for one that we do not know, and how many records have it.
-- Incremental: upload_id
SELECT upload_id, status, call_word_of(status) AS word, count(*) AS records
FROM lake.call_event_rows
WHERE kind = 'call_log' AND status IS NOT NULL
GROUP BY upload_id, status
