-- What a cell of a file states before it is read as anything: without blanks, dressing and words for nothing; and how cells
-- of several columns make one.

-- How a cell says in lower case that nothing is stated, each word between bars; a date of zeros is one, as spreadsheets and
-- databases write it.
CREATE OR REPLACE MACRO null_words() AS
    '||-|--|---|–|—|na|n.a|n.a.|na.|n/a|n/a.|n\a|(na)|<na>|nil|nill|(nil)|none|(none)|null|(null)|<null>|[null]|nan|nat|\n|(blank)'
    || '|not available|not_available|not applicable|not_applicable|#n/a|#null!|#ref!|#value!|#name?|#num!|#div/0!'
    || '|0000-00-00|0000/00/00|00-00-0000|00/00/0000|00.00.0000|0000-00-00 00:00:00|0000-00-00t00:00:00|00-00-0000 00:00:00'
    || '|00/00/0000 00:00:00|00-00-0000 00:00|00/00/0000 00:00|1900-01-00|00-01-1900|00/01/1900|1/0/1900|0-jan-00|00-jan-00|00-jan-1900|';

-- Whether a number, a date, a flag or an identifier says so.
CREATE OR REPLACE MACRO is_unstated(s) AS s IS NULL OR contains(null_words(), '|' || lower(s) || '|');

-- Whether any cell, be it a name, says so; Nan and Nat are names.
CREATE OR REPLACE MACRO is_null_word(s) AS
    CASE
        WHEN is_plain_cell(s) OR is_plain_number(s) OR is_plain_word(s) THEN false
        ELSE s NOT IN ('Nan', 'Nat') AND contains(null_words(), '|' || lower(s) || '|')
    END;

-- Whether a cell can be neither dressed nor a null word, as nearly all are seen to be at their first letter: from 2 to z
-- (1900-01-00 begins with 1), and none of < = N [ \ n.
CREATE OR REPLACE MACRO is_plain_cell(s) AS ascii(s) BETWEEN 50 AND 122 AND ascii(s) NOT IN (60, 61, 78, 91, 92, 110);

-- The same of one that begins with +, 0 or 1, as phones, amounts and dates do: the null words among them are dates of zeros.
CREATE OR REPLACE MACRO is_plain_number(s) AS
    ascii(s) IN (43, 48, 49)
    AND NOT (starts_with(s, '00') OR starts_with(s, '0-') OR starts_with(s, '1/0/') OR starts_with(s, '1900-'));

-- The same of one that begins with N or n: null words so long begin with not.
CREATE OR REPLACE MACRO is_plain_word(s) AS
    ascii(s) IN (78, 110) AND length(s) > 4 AND lower(substr(s, 1, 3)) <> 'not';

-- Without what a spreadsheet puts around a cell to keep it as text: an apostrophe before it, or ="000123".
CREATE OR REPLACE MACRO undressed(s) AS
    CASE
        WHEN regexp_matches(s, '^="[^"]*"$') THEN trim(substr(s, 3, length(s) - 3))
        WHEN starts_with(s, '''') THEN trim(substr(s, 2))
        ELSE s
    END;

-- What a cell states, null for nothing.
CREATE OR REPLACE MACRO cell_of(s) AS
    list_transform(
        list_transform([s], lambda cell: undressed(cell)), lambda cell: CASE WHEN cell <> '' AND NOT is_null_word(cell) THEN cell END
    )[1];

-- What words are compared by: their letters, whatever the case; a word without letters is itself.
CREATE OR REPLACE MACRO letters_of(s) AS
    coalesce(nullif(regexp_replace(lower(s), '[^\p{L}]', '', 'g'), ''), lower(s));

-- A time of day without a date, as a column of its own states it.
CREATE OR REPLACE MACRO is_clock(s) AS
    regexp_matches(
        s, '^[0-9]{1,2}[:.][0-9]{2}([:.][0-9]{2}([.][0-9]+)?)?( ?[aApP][.]?[mM][.]?)?( ?(UTC|[-+][0-9]{2}:[0-9]{2}))?$'
    );

-- The same as a clock: six digits and a spreadsheet's fraction of a day are times of day too.
CREATE OR REPLACE MACRO clock_of(s) AS
    CASE
        WHEN is_clock(s) THEN s
        WHEN regexp_matches(s, '^1899-12-3[01][ T]') THEN substr(s, 12)
        WHEN regexp_matches(s, '^[0-2][0-9][0-5][0-9][0-5][0-9]$')
        THEN substr(s, 1, 2) || ':' || substr(s, 3, 2) || ':' || substr(s, 5, 2)
        WHEN regexp_matches(s, '^0?[.][0-9]+$')
        THEN CAST(CAST(
            TIMESTAMP '1970-01-01 00:00:00' + to_seconds(CAST(round(TRY_CAST(s AS DECIMAL(18, 10)) * 86400, 0) AS BIGINT)) AS TIME
        ) AS VARCHAR)
    END;

-- Whether a time has a date of its own, as most are seen to have: 2026-03-05 10:00:00, 05/03/2026 10:00.
CREATE OR REPLACE MACRO has_date(s) AS
    length(s) >= 16 AND (substr(s, 5, 1) = '-' OR substr(s, 3, 1) IN ('-', '/')) AND NOT starts_with(s, '1899-12-3');

-- A date and a time of two columns as the text of one moment; the time as it is where it has a date itself.
CREATE OR REPLACE MACRO moment_text(date_cell, time_cell) AS
    CASE
        WHEN has_date(time_cell) THEN time_cell
        ELSE coalesce(regexp_replace(date_cell, '[ T]0?0:00(:00([.]0+)?)?$', '') || ' ' || clock_of(time_cell), time_cell)
    END;

-- The date of a moment's text; null where it is a time of day alone.
CREATE OR REPLACE MACRO date_part_of(s) AS
    CASE WHEN NOT is_clock(s) THEN regexp_replace(s, '[ T,]+[0-9]{1,2}[:.][0-9]{2}.*$', '') END;

-- A time with the zone that its column's header names, where it has a clock and names no zone itself.
CREATE OR REPLACE MACRO with_zone(s, zone) AS
    CASE
        WHEN regexp_matches(s, '[0-9][:.][0-9]{2}') AND NOT regexp_matches(s, '([zZ]|[a-zA-Z]{3}|[0-9] ?[-+][0-9]{2}:?[0-9]{2})$')
        THEN s || ' ' || zone
        ELSE s
    END;

-- The text of seconds, of a duration in the unit that its column's header names: ms, min, or hh:mm for a clock of hours.
CREATE OR REPLACE MACRO seconds_text(s, unit) AS
    CASE
        WHEN unit = 'hh:mm' AND regexp_matches(s, '^[0-9]{1,3}:[0-5][0-9]$') THEN s || ':00'
        WHEN unit <> 'hh:mm' AND regexp_matches(s, '^[0-9]{1,15}([.][0-9]+)?$')
        THEN CAST(CASE WHEN unit = 'ms' THEN TRY_CAST(s AS DOUBLE) / 1000 ELSE TRY_CAST(s AS DOUBLE) * 60 END AS VARCHAR)
        ELSE s
    END;

-- JSON, or the words of what should be JSON and is none.
CREATE OR REPLACE MACRO json_of(s) AS CASE WHEN json_valid(s) THEN CAST(s AS JSON) ELSE to_json(s) END;
