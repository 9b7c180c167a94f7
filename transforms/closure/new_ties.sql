-- Grain: one row per loan, phone, national id, call, or id of ours that the records reached last state.
-- Meaning: what they may share with others. A record of a call shows the loan that it states, whether or not it can be
--          used. A number ties a call where a borrower states it, before or after; one that was a contact's of a branch
--          or an employee and still is ties nothing.
WITH rows AS (
    SELECT rows.* FROM borrower_rows AS rows JOIN new_rows ON new_rows.row_id = rows.row_id WHERE rows.is_usable
),

every_call AS (
    SELECT rows.* FROM call_rows AS rows JOIN new_calls ON new_calls.row_id = rows.row_id
),

calls AS (
    SELECT * FROM every_call WHERE is_usable
),

numbers AS (
    SELECT to_phone AS phone FROM calls
    UNION
    SELECT from_phone AS phone FROM calls
),

phones AS (
    SELECT phone FROM rows
    UNION
    SELECT unnest(further_phones) AS phone FROM rows
    UNION
    SELECT numbers.phone FROM numbers JOIN borrower_rows AS known ON known.phone = numbers.phone
    UNION
    SELECT numbers.phone
    FROM numbers
    JOIN (SELECT unnest(further_phones) AS phone FROM borrower_rows WHERE further_phones IS NOT NULL) AS known
        ON known.phone = numbers.phone
),

records AS (
    SELECT ties.kind, ties.name
    FROM record_ties AS ties
    JOIN new_records ON new_records.row_id = ties.row_id
    WHERE ties.kind <> 'known upload'
),

loans AS (
    SELECT loan_id AS name FROM rows
    UNION
    SELECT loan_id AS name FROM every_call
    UNION
    SELECT name FROM records WHERE kind = 'loan'
    UNION
    SELECT loans.loan_key AS name
    FROM was.loans AS loans
    JOIN records ON TRY_CAST(records.name AS UUID) = loans.id AND records.kind = 'loan entity'
),

found AS (
    SELECT 'loan' AS kind, name FROM loans
    UNION
    SELECT kind, name FROM records
    UNION
    -- A loan that no record of ours states has an id that comes from its number.
    SELECT ties.kind, ties.name
    FROM record_ties AS ties
    JOIN loans ON CAST(id_of('loan', loans.name) AS VARCHAR) = ties.name AND ties.kind = 'loan entity'
    UNION
    SELECT ties.kind, ties.name
    FROM record_ties AS ties
    JOIN new_rows ON CAST(new_rows.row_id AS VARCHAR) = ties.name AND ties.kind = 'row'
    UNION
    SELECT 'national id' AS kind, national_id AS name FROM rows
    UNION
    SELECT 'call' AS kind, call_sid AS name FROM calls
    UNION
    SELECT 'phone' AS kind, phones.phone AS name
    FROM phones
    LEFT JOIN contacts ON contacts.phone = phones.phone AND contacts.is_lasting
    WHERE contacts.phone IS NULL
)

SELECT found.kind, found.name
FROM found
LEFT JOIN ties ON ties.kind = found.kind AND ties.name = found.name
WHERE found.name IS NOT NULL AND ties.name IS NULL
