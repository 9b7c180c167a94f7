-- What records of ours state: plain ISO and ids.

-- A time as records state it: ISO, naive UTC, in our centuries.
CREATE OR REPLACE MACRO stated_time(s) AS
    CASE
        WHEN regexp_matches(s, '^(19[0-9]{2}|20[0-9]{2}|2100)-[0-9]{2}-[0-9]{2}([ T]([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)?$')
        THEN TRY_CAST(replace(s, 'T', ' ') AS TIMESTAMP)
    END;

-- An id as records refer to it.
CREATE OR REPLACE MACRO stated_id(s) AS TRY_CAST(s AS UUID);
