-- Grain: one row per touched record, and per touched row that a record states by its id.
-- Meaning: what became of these is told anew.
SELECT row_id FROM rows
UNION
SELECT row_id FROM calls
UNION
SELECT row_id FROM records
UNION
SELECT stated.entity_id
FROM was._stg_upload_row_records AS stated
SEMI JOIN records ON records.row_id = stated.row_id
WHERE stated.entity_id IS NOT NULL
UNION
SELECT stated.entity_id
FROM fresh._stg_upload_row_records AS stated
SEMI JOIN records ON records.row_id = stated.row_id
WHERE stated.entity_id IS NOT NULL
UNION
SELECT outcomes.id
FROM was._upload_row_outcomes AS outcomes
SEMI JOIN changed_uploads ON changed_uploads.upload_id = outcomes.file_upload_id
