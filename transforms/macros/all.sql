-- Expressions that several transforms share. DuckDB macros, written in the subset of SQL that Spark has too.
-- No text makes one of them fail: what is not a valid number, date or time is null.
-- A macro puts its argument wherever it names it. What is worked out and named more than once goes through a list of one,
-- whose lambda names it once: otherwise it is planned, and worked out, as many times.

-- cells of files ------------------------------------------------------------------------------------------------------

-- How a cell says in lower case that nothing is stated, each word between bars; a date of zeros is one, as spreadsheets and
-- databases write it.
CREATE OR REPLACE MACRO null_words() AS
    '||-|--|---|–|—|na|n.a|n.a.|na.|n/a|n/a.|n\a|(na)|<na>|nil|nill|(nil)|none|(none)|null|(null)|<null>|[null]|nan|nat|\n|(blank)'
    || '|not available|not_available|not applicable|not_applicable|#n/a|#null!|#ref!|#value!|#name?|#num!|#div/0!'
    || '|0000-00-00|0000/00/00|00-00-0000|00/00/0000|00.00.0000|0000-00-00 00:00:00|0000-00-00t00:00:00|00-00-0000 00:00:00'
    || '|00/00/0000 00:00:00|00-00-0000 00:00|00/00/0000 00:00|1900-01-00|00-01-1900|00/01/1900|1/0/1900|0-jan-00|00-jan-00|00-jan-1900|';

-- Whether a number, a date, a flag or an identifier says so.
CREATE OR REPLACE MACRO is_unstated(s) AS s IS NULL OR contains(null_words(), '|' || lower(s) || '|');

-- Whether any cell, be it a name, says so; Nan and Nat are names. The first branch is the way of nearly all: they begin
-- with another letter.
CREATE OR REPLACE MACRO is_null_word(s) AS
    CASE
        WHEN (s >= '2' AND s < ':') OR (s >= 'A' AND s < 'N') OR (s >= 'O' AND s < '[') OR (s >= 'o' AND s < '–') THEN false
        ELSE s NOT IN ('Nan', 'Nat') AND contains(null_words(), '|' || lower(s) || '|')
    END;

-- Whether a cell can be neither dressed nor a null word, seen at its first letter: a digit but 0, or a letter but n.
CREATE OR REPLACE MACRO is_plain_cell(s) AS
    ascii(s) BETWEEN 49 AND 57
    OR (ascii(s) BETWEEN 65 AND 90 AND ascii(s) <> 78)
    OR (ascii(s) BETWEEN 97 AND 122 AND ascii(s) <> 110);

-- Without what a spreadsheet puts around a cell to keep it as text: an apostrophe before it, or ="000123".
CREATE OR REPLACE MACRO undressed(s) AS
    CASE
        WHEN regexp_matches(s, '^="[^"]*"$') THEN trim(substr(s, 3, length(s) - 3))
        WHEN starts_with(s, '''') THEN trim(substr(s, 2))
        ELSE s
    END;

-- What a cell states, null for nothing.
CREATE OR REPLACE MACRO cell_of(s) AS
    list_transform([undressed(s)], lambda cell: CASE WHEN cell <> '' AND NOT is_null_word(cell) THEN cell END)[1];

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

-- A date and a time of two columns as the text of one moment; the time as it is where it has a date itself.
CREATE OR REPLACE MACRO moment_text(date_cell, time_cell) AS
    coalesce(regexp_replace(date_cell, '[ T]0?0:00(:00([.]0+)?)?$', '') || ' ' || clock_of(time_cell), time_cell);

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

-- Milliseconds as the text of seconds.
CREATE OR REPLACE MACRO seconds_text(s) AS
    CASE WHEN regexp_matches(s, '^[0-9]{1,15}([.][0-9]+)?$') THEN CAST(TRY_CAST(s AS DOUBLE) / 1000 AS VARCHAR) ELSE s END;

-- identifiers ---------------------------------------------------------------------------------------------------------

-- Whether an identifier says that there is none: a null word, zeros, one character three times or more.
CREATE OR REPLACE MACRO is_absent(s) AS
    is_unstated(s)
    OR regexp_matches(s, '^0+([.]0+)?$')
    OR (length(s) >= 3 AND replace(lower(s), substr(lower(s), 1, 1), '') = '');

-- Whether a spreadsheet has put an exponent in place of digits (1.2E+11). 12E5 may be a lender's own number.
CREATE OR REPLACE MACRO has_exponent(s) AS
    regexp_matches(s, '^[0-9]+[.,][0-9]+[eE][+]?[0-9]+$') OR regexp_matches(s, '^[0-9]+[eE][+][0-9]+$');

-- A number that went through a spreadsheet: 12345.0 is 12345.
CREATE OR REPLACE MACRO without_point_zero(s) AS
    CASE WHEN regexp_matches(s, '^[0-9]+[.]0+$') THEN split_part(s, '.', 1) ELSE s END;

-- Whether a spreadsheet has put commas between the digits: 560,073,000,107.
CREATE OR REPLACE MACRO has_thousands(s) AS regexp_matches(s, '^[0-9]{1,3}(,[0-9]{2,3})*,[0-9]{3}([.]0+)?$');

-- An id without what a spreadsheet dresses it in: '000123, ="000123", 560,073,000,107 and 12345.0.
CREATE OR REPLACE MACRO undressed_id(s) AS
    CASE
        WHEN has_thousands(s) THEN replace(split_part(s, '.', 1), ',', '')
        WHEN regexp_matches(s, '^=".+"$') THEN trim(substr(s, 3, length(s) - 3), ' ')
        WHEN regexp_matches(s, '^''.') THEN trim(substr(s, 2), ' ')
        ELSE without_point_zero(s)
    END;

-- A lender's loan number as it is written; null for one that is absent or has lost its digits.
CREATE OR REPLACE MACRO loan_number(s) AS
    CASE
        WHEN regexp_matches(s, '^[A-Z1-9][A-Z0-9/-]*[0-9]$') AND replace(s, substr(s, 1, 1), '') <> '' THEN s
        ELSE list_transform([undressed_id(s)], lambda t: CASE WHEN NOT is_absent(t) AND NOT has_exponent(t) THEN t END)[1]
    END;

-- By what spellings of a loan's number, a branch or an employee are one: upper case, single spaces, nothing of a spreadsheet.
CREATE OR REPLACE MACRO key_of(s) AS
    CASE
        WHEN regexp_matches(s, '^[A-Za-z0-9][A-Za-z0-9/_-]*( [A-Za-z0-9./_-]+)*$') THEN upper(s)
        ELSE upper(trim(regexp_replace(undressed_id(s), '[ \t ]+', ' ', 'g'), ' '))
    END;

-- The loan that a provider's custom field names: the field itself, `loan_id=EX-2`, or JSON with such a key.
CREATE OR REPLACE MACRO loan_in_custom_field(s) AS
    CASE
        WHEN regexp_matches(s, '(?i)loan_?(id|no|number)[" ]*[=:]')
        THEN nullif(regexp_extract(s, '(?i)loan_?(?:id|no|number)[" ]*[=:][" ]*([^"&;,|}\s]+)', 1), '')
        WHEN starts_with(s, '{') THEN NULL
        ELSE s
    END;

-- Upper case without spaces and hyphens. The two macros below take what this one gives.
CREATE OR REPLACE MACRO national_id_text(s) AS
    CASE
        WHEN regexp_matches(s, '^[A-Z0-9]+$') THEN s
        ELSE translate(s, 'abcdefghijklmnopqrstuvwxyz -', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')
    END;

-- A PAN, which most ids are: neither absent nor bad, seen at one glance.
CREATE OR REPLACE MACRO is_pan(t) AS regexp_matches(t, '^[A-Z]{5}[0-9]{4}[A-Z]$') AND NOT contains(t, 'XXXX');

-- Masked (XXXX or *), lost in an exponent, or fewer than four digits: such an id identifies nobody.
CREATE OR REPLACE MACRO is_bad_national_id(t) AS
    CASE
        WHEN is_pan(t) OR is_absent(t) THEN false
        ELSE has_exponent(t)
            OR contains(t, 'XXXX')
            OR contains(t, '*')
            OR length(regexp_replace(t, '[^0-9]', '', 'g')) < 4
    END;

CREATE OR REPLACE MACRO national_id_of(t) AS
    CASE
        WHEN is_pan(t) THEN t
        WHEN NOT is_absent(t) AND NOT is_bad_national_id(t) THEN without_point_zero(t)
    END;

-- Words; a data frame's blank cell became the text nan. Nan is a name.
CREATE OR REPLACE MACRO words_of(s) AS CASE WHEN s NOT IN ('nan', 'NaN', 'NAN') THEN s END;

-- The numbers of a row beside its phone: further ones in the same cell, and those of columns for alternate numbers.
CREATE OR REPLACE MACRO further_phones_of(phone, further, alternate, more_alternates) AS
    CASE
        WHEN further IS NOT NULL OR alternate IS NOT NULL
        THEN nullif(list_sort(list_distinct(list_filter(
            list_concat(coalesce(further, []), [alternate], coalesce(more_alternates, [])),
            lambda number: number IS NOT NULL AND number <> coalesce(phone, '')
        ))), CAST([] AS VARCHAR[]))
    END;

-- numbers -------------------------------------------------------------------------------------------------------------

-- Lower case with plain spaces, and ¤ for what names a currency or ends an amount: rs. 1,500/- only is ¤ 1,500¤ ¤.
CREATE OR REPLACE MACRO amount_words(s) AS
    regexp_replace(
        regexp_replace(replace(lower(s), 'crs', 'crore'), '[ \t\x{a0}\x{2009}\x{202f}]+', ' ', 'g'),
        'rupees?|rs ?[.:]?|inr[.:]?|usd|us[$]|[₹₨$€£]|only|=?/-+|/=', '¤', 'g'
    );

-- The digits of an amount, with what stands between them.
CREATE OR REPLACE MACRO amount_pattern() AS '[0-9]([0-9., ''’]*[0-9])?(e[-+]?[0-9]{1,2})?|[.][0-9]+';

-- The words of an amount with 0 for its digits: (0) or 0dr or -0lakh.
CREATE OR REPLACE MACRO amount_shape(words) AS translate(regexp_replace(words, amount_pattern(), '0', 'g'), ' ¤', '');

-- Digits and a point. Thousands stand in groups of two or three; a comma is the point where points divide the thousands
-- (1.234,50). Null for what is no one number, as 10 20 and 1,23 are none.
CREATE OR REPLACE MACRO amount_digits(n) AS
    CASE
        WHEN regexp_matches(n, '^([0-9]{1,14}([.][0-9]+)?(e[-+]?[0-9]{1,2})?|[.][0-9]+)$') THEN n
        WHEN regexp_matches(n, '^[0-9]{1,3}((, ?|[ ''’])[0-9]{2,3})*(, ?|[ ''’])[0-9]{3}([.][0-9]+)?$')
        THEN translate(n, ', ''’', '')
        WHEN regexp_matches(n, '^[0-9]{1,3}([.][0-9]{2,3})*[.][0-9]{3},[0-9]{2}$') THEN translate(n, ',.', '.')
    END;

-- Digits with their sign, and with an exponent for lakh, crore and k. Credit is minus. Cr behind a full amount is credit
-- (2,100.00 Cr), behind a small one crore (2 Cr, 1.5 Cr); what may be either (45.00 Cr, 500 Cr) is null.
CREATE OR REPLACE MACRO signed_amount(shape, digits) AS
    CASE
        WHEN regexp_matches(shape, '^([+]?0|(dr|debit)[.:]?0|0[(]?(dr|debit)[.]?[)]?)[.]?$') THEN digits
        WHEN regexp_matches(shape, '^(-0[.]?|[(]0[)]|0-|(cr|credit)[.:]?0|0[(]cr[.]?[)]|0[(]?credit[)]?)$') THEN '-' || digits
        WHEN regexp_matches(shape, '^[-+]?0(k|thousand|l|la(kh|c)s?|crores?)[.]?$')
        THEN CASE WHEN contains(shape, '-') THEN '-' ELSE '' END || digits
            || CASE regexp_extract(shape, '[a-z]') WHEN 'l' THEN 'e5' WHEN 'c' THEN 'e7' ELSE 'e3' END
        WHEN NOT regexp_matches(shape, '^0cr[.]?$') THEN NULL
        WHEN regexp_matches(digits, '^([0-9]{4,}([.][0-9]+)?|[1-9][0-9]{2}[.][0-9]{2}|0+([.]0+)?)$') THEN '-' || digits
        WHEN regexp_matches(digits, '^[0-9]{1,2}([.]([0-9]|[0-9]{3,}))?$') THEN digits || 'e7'
    END;

-- What a cell that is not plain says, as a number that can be cast.
CREATE OR REPLACE MACRO amount_text(s) AS
    CASE
        WHEN s IS NOT NULL
        THEN list_transform([amount_words(s)], lambda words: list_transform(
            [[amount_shape(words), amount_digits(regexp_extract(words, amount_pattern()))]], lambda p: signed_amount(p[1], p[2])
        )[1])[1]
    END;

-- An amount in one of the usual styles: DECIMAL(15, 2) or null.
CREATE OR REPLACE MACRO plain_amount(s) AS
    CASE
        WHEN regexp_matches(s, '^-?[0-9]{1,13}([.][0-9]{1,6})?$') THEN TRY_CAST(s AS DECIMAL(15, 2))
        WHEN regexp_matches(s, '^-?[0-9]{1,3}(,[0-9]{2,3}){0,3},[0-9]{3}([.][0-9]{1,6})?$')
        THEN TRY_CAST(replace(s, ',', '') AS DECIMAL(15, 2))
        WHEN regexp_matches(s, '^(₹|Rs[.]?|INR) ?([0-9]{1,13}|[0-9]{1,3}(,[0-9]{2,3}){0,3},[0-9]{3})([.][0-9]{1,6})?(/-)?$')
        THEN TRY_CAST(regexp_replace(s, '^[^0-9]+|,|/-$', '', 'g') AS DECIMAL(15, 2))
    END;

-- An amount in any other style: DECIMAL(15, 2) or null.
CREATE OR REPLACE MACRO worded_amount(s) AS TRY_CAST(amount_text(s) AS DECIMAL(15, 2));

CREATE OR REPLACE MACRO amount_of(s) AS coalesce(plain_amount(s), worded_amount(s));

-- DECIMAL(15, 4) or null: what a call cost, with at most eleven digits before the point.
CREATE OR REPLACE MACRO price_of(s) AS
    CASE
        WHEN regexp_matches(s, '^-?[0-9]{1,11}([.][0-9]+)?$') THEN TRY_CAST(s AS DECIMAL(15, 4))
        ELSE TRY_CAST(amount_text(s) AS DECIMAL(15, 4))
    END;

-- Seconds of 2m 14s, 1 hour 2 min, 134 sec, PT2M14S: lower case, no spaces.
CREATE OR REPLACE MACRO seconds_of_words(words) AS
    CASE
        WHEN regexp_matches(
            words, '^(pt)?([0-9]{1,4}h((ou)?rs?)?)?([0-9]{1,6}m(in(ute)?s?)?)?([0-9]{1,9}([.][0-9]+)?s(ec(ond)?s?)?)?[.]?$'
        ) AND regexp_matches(words, '[0-9]')
        THEN coalesce(TRY_CAST(regexp_extract(words, '([0-9]+)h', 1) AS INTEGER), 0) * 3600
            + coalesce(TRY_CAST(regexp_extract(words, '([0-9]+)m', 1) AS INTEGER), 0) * 60
            + coalesce(TRY_CAST(regexp_extract(words, '([0-9]+)([.][0-9]+)?s', 1) AS INTEGER), 0)
    END;

-- Seconds of h:mm:ss, mm:ss and 0 days 00:02:14, fractions left out.
CREATE OR REPLACE MACRO seconds_of_clock(words) AS
    CASE
        WHEN regexp_matches(words, '^(0days?)?([0-9]{1,3}|[0-9]{1,3}:[0-5][0-9]):[0-5][0-9]([.][0-9]+)?$')
        THEN coalesce(TRY_CAST(regexp_extract(words, '([0-9]+):[0-9]+:', 1) AS INTEGER), 0) * 3600
            + TRY_CAST(regexp_extract(words, '([0-9]+):[0-9]+([.][0-9]+)?$', 1) AS INTEGER) * 60
            + TRY_CAST(regexp_extract(words, ':([0-9]+)([.][0-9]+)?$', 1) AS INTEGER)
    END;

-- Whole seconds: 45, 45.0, 00:01:05, 01:05 (minutes first), 1m 5s, 65 sec.
CREATE OR REPLACE MACRO seconds_of(s) AS
    CASE
        WHEN regexp_matches(s, '^[0-9]{1,9}([.][0-9]+)?$') THEN TRY_CAST(split_part(s, '.', 1) AS INTEGER)
        WHEN regexp_matches(s, '^[0-9]{2}:[0-5][0-9]:[0-5][0-9]$')
        THEN TRY_CAST(substr(s, 1, 2) AS INTEGER) * 3600 + TRY_CAST(substr(s, 4, 2) AS INTEGER) * 60
            + TRY_CAST(substr(s, 7, 2) AS INTEGER)
        WHEN s IS NOT NULL
        THEN list_transform(
            [regexp_replace(lower(s), '[ ,\t\x{a0}]+|and', '', 'g')],
            lambda words: coalesce(seconds_of_clock(words), seconds_of_words(words))
        )[1]
    END;

-- A count or a line's number, at most nine digits: 12 or 12.0.
CREATE OR REPLACE MACRO whole_number_of(s) AS
    CASE WHEN regexp_matches(s, '^[0-9]{1,9}([.]0+)?$') THEN TRY_CAST(split_part(s, '.', 1) AS INTEGER) END;

CREATE OR REPLACE MACRO flag_of(s) AS
    CASE
        WHEN lower(s) IN ('yes', 'y', 'true', 't', '1', '1.0', 'dnc', 'dnd', 'do not call', 'registered') THEN true
        WHEN lower(s) IN ('no', 'n', 'false', 'f', '0', '0.0', 'not registered') THEN false
    END;

-- dates and times -----------------------------------------------------------------------------------------------------

-- What follows reads cells in steps: a cell's words, of these the date and the clock, of these a value. A step's outcome is
-- handed on by a lambda. Regular expressions in one are compiled anew for each 2,048 rows, so that there are few.

-- What follows reads cells in steps: a cell's words, of these the date and the clock, of these a value. A step's outcome is
-- handed on by a lambda. Regular expressions in one are compiled anew for each 2,048 rows, so that there are few.

-- Lower case with plain spaces and hyphens, the date first and then the time with colons, no day of the week:
-- Thu Mar 5 10:00:00 IST 2026 is mar 5 2026 10:00:00 ist, 20260305T100000Z is 20260305 10:00:00z. Most are so from the start.
CREATE OR REPLACE MACRO time_words(s) AS
    CASE
        WHEN regexp_matches(
            s, '^[0-9]{1,2}[-/. ][0-9A-Za-z]{1,3}[-/. ][0-9]{2,4}( [0-9]{1,2}:[0-9]{2}(:[0-9]{2})?( ?[AaPp][Mm])?)?$'
        )
        THEN lower(s)
        ELSE list_transform([
            trim(regexp_replace(
                regexp_replace(
                    replace(replace(replace(lower(s), '–', '-'), '‑', '-'), '’', ''''), '[\t\x{a0}\x{2009}\x{202f}]+|  +', ' ', 'g'
                ),
                '(^|[ ,(-])(mon|tues?|wed(nes)?|thu(rs?)?|fri|sat(ur)?|sun)(day)?[.)]?([ ,-]+|$)', ' ', 'g'
            ), ' ')
        ], lambda words: CASE
            WHEN regexp_matches(words, '^[a-z]+ [0-9]{1,2} [0-9]{1,2}:[^ ]+( [^ ]+)? [0-9]{4}$')
            THEN split_part(words, ' ', 1) || ' ' || split_part(words, ' ', 2) || ' ' || right(words, 4) || ' '
                || split_part(words, ' ', 3) || CASE WHEN split_part(words, ' ', 5) = '' THEN '' ELSE split_part(words, ' ', 4) END
            WHEN regexp_matches(words, '^[0-9]{8}[ t_-]?[0-9]{6}([^0-9]|$)')
            THEN list_transform(
                [substr(words, CASE WHEN substr(words, 9, 1) BETWEEN '0' AND '9' THEN 9 ELSE 10 END)],
                lambda clock: substr(words, 1, 8) || ' ' || substr(clock, 1, 2) || ':' || substr(clock, 3, 2) || ':' || substr(clock, 5)
            )[1]
            ELSE words
        END)[1]
    END;

-- The date in such words, with hyphens between its parts, the time left out: 05032026 and 05/03/2026 14:30 are 05-03-2026.
CREATE OR REPLACE MACRO date_text(words) AS
    list_transform([
        trim(regexp_replace(
            regexp_replace(words, '[ ,t_:-]+(at )?[0-9]{1,2}(:[0-9]{2}|[.][0-9]{2}([.][0-9]{2}|$| ?[ap])).*$', '', 'g'),
            ' of |[-/., '']+', '-', 'g'
        ), '-')
    ], lambda d: CASE
        WHEN regexp_matches(d, '^[0-9]{7,8}(-0+)?$') AND NOT regexp_matches(d, '^(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9]')
        THEN list_transform(
            [lpad(split_part(d, '-', 1), 8, '0')],
            lambda digits: substr(digits, 1, 2) || '-' || substr(digits, 3, 2) || '-' || substr(digits, 5, 4)
        )[1]
        ELSE d
    END)[1];

-- +1: only day first can be meant; -1: only month first; 0: either. Two digits each.
CREATE OR REPLACE MACRO order_evidence(first, second) AS
    CASE
        WHEN first BETWEEN '13' AND '31' AND second <= '12' THEN 1
        WHEN second BETWEEN '13' AND '31' AND first <= '12' THEN -1
        ELSE 0
    END;

-- The same of a cell; 0 where its style says nothing about the question.
CREATE OR REPLACE MACRO day_first_evidence(s) AS
    CASE
        WHEN regexp_matches(s, '^[0-9]{2}[-/.][0-9]{2}[-/.](19|20)[0-9]{2}( |$)')
        THEN order_evidence(substr(s, 1, 2), substr(s, 4, 2))
        WHEN regexp_matches(s, '^([0-9]{4}[-/.]|[0-9]{1,2}[-/. ]*[A-Za-z])') THEN 0
        WHEN s IS NOT NULL
        THEN list_transform([date_text(time_words(s))], lambda d: CASE
            WHEN regexp_matches(d, '^[0-9]{1,2}-[0-9]{1,2}-([0-9]{2}|[0-9]{4})$')
            THEN order_evidence(lpad(split_part(d, '-', 1), 2, '0'), lpad(split_part(d, '-', 2), 2, '0'))
            ELSE 0
        END)[1]
    END;

CREATE OR REPLACE MACRO four_digit_year(y) AS CASE WHEN length(y) = 2 THEN '20' || y ELSE y END;

-- 1 to 12, as text; null for what is no month's name.
CREATE OR REPLACE MACRO month_number(m) AS
    CASE
        WHEN contains(
            '|jan|january|feb|february|mar|march|apr|april|may|jun|june|jul|july|aug|august|sep|sept|september|oct|october|nov|november|dec|december|',
            '|' || m || '|'
        )
        THEN CAST(CAST(floor((strpos('janfebmaraprmayjunjulaugsepoctnovdec', substr(m, 1, 3)) + 2) / 3) AS INTEGER) AS VARCHAR)
    END;

-- yyyy-m-d, from what date_text gives; null where it is no date style, or beyond 1900 to 2100. A month without its day is
-- no date.
CREATE OR REPLACE MACRO iso_date(d, day_first) AS
    CASE
        WHEN regexp_matches(d, '^[0-9]{1,2}-[0-9]{1,2}-([0-9]{2}|19[0-9]{2}|20[0-9]{2}|2100)$')
        THEN four_digit_year(split_part(d, '-', 3)) || '-' || split_part(d, '-', CASE WHEN day_first THEN 2 ELSE 1 END)
            || '-' || split_part(d, '-', CASE WHEN day_first THEN 1 ELSE 2 END)
        WHEN regexp_matches(
            d, '^([0-9]{1,2}(st|nd|rd|th)?-?[a-z]{3,9}-?|[a-z]{3,9}-[0-9]{1,2}(st|nd|rd|th)?-)([0-9]{2}|19[0-9]{2}|20[0-9]{2}|2100)$'
        )
        THEN CASE WHEN regexp_matches(d, '[^0-9][0-9]{2}$') THEN '20' ELSE '' END || regexp_extract(d, '[0-9]+$')
            || '-' || month_number(regexp_extract(d, '[a-z]{3,}')) || '-' || regexp_extract(d, '[0-9]+')
        WHEN regexp_matches(d, '^(19[0-9]{2}|20[0-9]{2}|2100)-([0-9]{1,2}|[a-z]{3,9})-[0-9]{1,2}$')
        THEN split_part(d, '-', 1) || '-' || coalesce(month_number(split_part(d, '-', 2)), split_part(d, '-', 2))
            || '-' || split_part(d, '-', 3)
        WHEN regexp_matches(d, '^(19|20)[0-9]{6}(-0+)?$')
        THEN substr(d, 1, 4) || '-' || substr(d, 5, 2) || '-' || substr(d, 7, 2)
    END;

-- The date in such words as yyyy-m-d; it may be one that no calendar has.
CREATE OR REPLACE MACRO day_text(words, day_first) AS
    list_transform([date_text(words)], lambda d: iso_date(d, day_first))[1];

-- Days since 1899-12-30, as Excel keeps a date: 45292 or 45292.75, 1927 to 2100.
CREATE OR REPLACE MACRO is_excel_serial(s) AS
    regexp_matches(s, '^[1-7][0-9]{4}([.][0-9]+)?$') AND TRY_CAST(substr(s, 1, 5) AS INTEGER) <= 73415;

CREATE OR REPLACE MACRO date_of(s, day_first) AS
    CASE
        WHEN regexp_matches(s, '^(19[0-9]{2}|20[0-9]{2}|2100)-[0-9]{2}-[0-9]{2}$') THEN TRY_CAST(s AS DATE)
        WHEN is_excel_serial(s) THEN DATE '1899-12-30' + TRY_CAST(substr(s, 1, 5) AS INTEGER)
        WHEN s IS NOT NULL THEN TRY_CAST(day_text(time_words(s), day_first) AS DATE)
    END;

-- The clock behind a date in such words, with its zone; blank where there is none.
CREATE OR REPLACE MACRO clock_in(words) AS
    regexp_extract(
        words,
        '^(?:[^:]*?[0-9][ ,t_-]+(?:at )?|[0-9]+/[a-z]+/[0-9]{4}:)((?:[01]?[0-9]|2[0-3])[:.][0-9]{2}(?:[:.][0-9]{2}(?:[.,][0-9]+)?)?(?: ?[ap][.]? ?m[.]?)?(?: ?(?:z|utc?|gmt|ist))?(?: ?[-+](?:0?[0-9]|1[0-4]):[0-5][0-9]| ?[-+](?:0[0-9]|1[0-4])(?:[0-5][0-9])?)?(?: ?[[(]?(?:utc|gmt|ist|india standard time|coordinated universal time|asia/kolkata|asia/calcutta)[])]?)?)$',
        1
    );

-- h:mm[:ss[.ffffff]], as the clock states it: 9.05 am is 9:05.
CREATE OR REPLACE MACRO clock_text(clock) AS
    CASE
        WHEN contains(substr(clock, 1, 3), ':') THEN replace(regexp_extract(clock, '^[0-9:.,]*[0-9]'), ',', '.')
        ELSE split_part(clock, '.', 1) || ':' || substr(split_part(clock, '.', 2), 1, 2)
            || ':' || lpad(regexp_extract(clock, '^[0-9]+[.][0-9]+[.]([0-9]+)', 1), 2, '0')
            || regexp_extract(clock, '^[0-9]+[.][0-9]+[.][0-9]+([.][0-9]+)', 1)
    END;

-- Hours from the stated one to that of 24: 12 am is 0, 1 pm is 13, and so is 13 pm. Null for 13 am.
CREATE OR REPLACE MACRO hours_later(clock) AS
    CASE
        WHEN regexp_matches(clock, 'p[.]? ?m')
        THEN CASE WHEN substr(clock, 2, 1) IN (':', '.') OR substr(clock, 1, 2) < '12' THEN 12 ELSE 0 END
        WHEN NOT regexp_matches(clock, 'a[.]? ?m') THEN 0
        WHEN substr(clock, 2, 1) IN (':', '.') OR substr(clock, 1, 2) < '12' THEN 0
        WHEN substr(clock, 1, 2) = '12' THEN -12
    END;

-- Minutes that the zone of a clock is east of UTC; the local ones where it states none.
CREATE OR REPLACE MACRO zone_minutes(clock, local_minutes) AS
    CASE
        WHEN contains(clock, '+') OR contains(clock, '-')
        THEN (
            TRY_CAST(regexp_extract(clock, '[-+]([0-9]{1,2})', 1) AS INTEGER) * 60
            + coalesce(TRY_CAST(regexp_extract(clock, '[-+][0-9]{1,2}:?([0-9]{2})', 1) AS INTEGER), 0)
        ) * CASE WHEN contains(clock, '-') THEN -1 ELSE 1 END
        WHEN contains(clock, 'ist') OR contains(clock, 'ind') OR contains(clock, 'asia') THEN 330
        WHEN contains(clock, 'z') OR contains(clock, 'ut') OR contains(clock, 'gmt') OR contains(clock, 'universal') THEN 0
        ELSE local_minutes
    END;

-- Seconds since 1970 in ten digits, thousandths in thirteen, millionths in sixteen: 2001 to 2100, in UTC.
CREATE OR REPLACE MACRO is_epoch(s) AS
    regexp_matches(s, '^[1-4][0-9]{9}([0-9]{3}|[0-9]{6}|[.][0-9]+|[0-9]{3}[.]0+)?$') AND substr(s, 1, 10) <= '4133980799';

-- A time in one of the usual styles, each of which has a cheap branch of its own: naive UTC, or null.
CREATE OR REPLACE MACRO plain_timestamp(s, day_first, local_minutes) AS
    CASE
        WHEN regexp_matches(s, '^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}[ T]([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}$')
        THEN TRY_CAST(replace(s, 'T', ' ') AS TIMESTAMP) - to_minutes(local_minutes)
        WHEN regexp_matches(s, '^[0-9]{2}[-/.][0-9]{2}[-/.](19|20)[0-9]{2} ([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2})?$')
        THEN TRY_CAST(
            substr(s, 7, 4) || '-' || substr(s, CASE WHEN day_first THEN 4 ELSE 1 END, 2)
            || '-' || substr(s, CASE WHEN day_first THEN 1 ELSE 4 END, 2) || substr(s, 11) AS TIMESTAMP
        ) - to_minutes(local_minutes)
        WHEN regexp_matches(
            s, '^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}[ T]([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+](0[0-9]|1[0-4]):?[0-5][0-9])$'
        )
        THEN TRY_CAST(substr(s, 1, 10) || ' ' || substr(s, 12, 8) || regexp_extract(s, '[.][0-9]{1,6}') AS TIMESTAMP)
            - to_minutes(
                coalesce(TRY_CAST(substr(split_part(s, '+', 2), 1, 2) AS INTEGER), 0) * 60
                + coalesce(TRY_CAST(right(split_part(s, '+', 2), 2) AS INTEGER), 0)
            )
        WHEN is_excel_serial(s)
        THEN CAST(DATE '1899-12-30' + TRY_CAST(substr(s, 1, 5) AS INTEGER) AS TIMESTAMP)
            + to_seconds(CAST(round(TRY_CAST('0' || substr(s, 6) AS DECIMAL(18, 10)) * 86400, 0) AS BIGINT))
            - to_minutes(local_minutes)
        WHEN is_epoch(s)
        THEN TIMESTAMP '1970-01-01 00:00:00' + to_seconds(TRY_CAST(substr(s, 1, 10) AS BIGINT))
            + to_microseconds(TRY_CAST(rpad(replace(substr(s, 11, 7), '.', ''), 6, '0') AS BIGINT))
    END;

-- A time in any other style: naive UTC, or null. A date alone is its midnight.
CREATE OR REPLACE MACRO worded_timestamp(s, day_first, local_minutes) AS
    CASE
        WHEN s IS NOT NULL
        THEN list_transform([time_words(s)], lambda words: list_transform([clock_in(words)], lambda clock: CASE
            WHEN clock <> '' OR NOT contains(words, ':')
            THEN TRY_CAST(day_text(words, day_first) || CASE WHEN clock = '' THEN '' ELSE ' ' || clock_text(clock) END AS TIMESTAMP)
                + to_hours(hours_later(clock)) - to_minutes(zone_minutes(clock, local_minutes))
        END)[1])[1]
    END;

CREATE OR REPLACE MACRO timestamp_of(s, day_first, local_minutes) AS
    coalesce(plain_timestamp(s, day_first, local_minutes), worded_timestamp(s, day_first, local_minutes));

-- JSON, or the words of what should be JSON and is none.
CREATE OR REPLACE MACRO json_of(s) AS CASE WHEN json_valid(s) THEN CAST(s AS JSON) ELSE to_json(s) END;

-- findings ------------------------------------------------------------------------------------------------------------

-- Whether there is a value for every cell that is not null.
CREATE OR REPLACE MACRO all_read(cells, found) AS
    length(list_filter(cells, lambda x: x IS NOT NULL)) = length(list_filter(found, lambda x: x IS NOT NULL));

-- What is wrong with a cell that has no value, with the cell below it in a line of its own: null when it has one.
CREATE OR REPLACE MACRO cell_error(code, field, what, cell, value) AS
    CASE WHEN value IS NULL THEN code || ': ' || field || ' is not a valid ' || what || chr(10) || cell END;

-- Those of several findings that there are, as a list; null where there are none. A cell that states nothing has none, and
-- no finding keeps its cell.
CREATE OR REPLACE MACRO found_errors(findings) AS
    nullif(
        list_transform(
            list_filter(
                findings,
                lambda x: x IS NOT NULL AND NOT (contains(x, chr(10)) AND is_unstated(substr(x, strpos(x, chr(10)) + 1)))
            ),
            lambda x: split_part(x, chr(10), 1)
        ),
        CAST([] AS VARCHAR[])
    );

-- The codes of findings, each once.
CREATE OR REPLACE MACRO error_codes_of(findings) AS
    list_sort(list_distinct(list_transform(findings, lambda x: split_part(x, ':', 1))));

CREATE OR REPLACE MACRO date_order(day_first) AS CASE WHEN day_first THEN 'day first' ELSE 'month first' END;

-- calls ---------------------------------------------------------------------------------------------------------------

-- What a provider's word says of a call: one of our statuses, `answered` where it depends on what else is stated, `machine`,
-- or null for a word that we do not know. Letters alone are compared.
CREATE OR REPLACE MACRO call_word_of(s) AS
    CASE
        WHEN s = 'completed' THEN 'call_completed'
        WHEN s IN ('busy', 'no-answer', 'canceled') THEN 'disconnected'
        WHEN s = 'failed' THEN 'failed'
        ELSE list_transform([letters_of(s)], lambda word: CASE
            WHEN word IN (
                'completed', 'callcompleted', 'complete', 'callcomplete', 'completedsuccessfully', 'callcompletedsuccessfully'
            ) THEN 'call_completed'
            WHEN word IN (
                'answered', 'answer', 'ended', 'callended', 'connected', 'calldisconnected', 'normalclearing',
                'normalcallclearing', 'userhangup', 'agenthangup', 'customerendedcall', 'assistantendedcall', 'success',
                'successful', 'customeranswered', 'assistantendedcallaftermessagespoken', 'assistantsaidendcallphrase',
                'assistantforwardedcall', 'exceededmaxduration', 'maxdurationreached', 'inactivity', 'silencetimedout',
                'calltransfer', 'endedbyuser', 'endedbyagent', 'promisetopay', 'salemade', 'callback'
            ) THEN 'answered'
            WHEN word IN (
                'busy', 'noanswer', 'canceled', 'cancelled', 'cancel', 'notpicked', 'notpickedup', 'disconnected',
                'fromlegunanswered', 'tolegunanswered', 'fromlegcancelled', 'notanswered', 'unanswered', 'missed',
                'missedcall', 'customermissed', 'callnotanswered', 'noresponse', 'ringingnoresponse', 'nouserresponse',
                'userbusy', 'subcriberabsent', 'subscriberabsent', 'userdisconnected', 'switchedoff', 'switchoff',
                'phoneswitchedoff', 'notreachable', 'unreachable', 'notcontactable', 'outofcoverage', 'rejected', 'callrejected',
                'declined', 'clienthangup', 'timeout', 'ringtimeout', 'dialnoanswer', 'dialbusy', 'customerdidnotanswer',
                'customerbusy', 'originatorcancel', 'notconnected', 'abandoned', 'noanswerautodial', 'busyauto'
            ) THEN 'disconnected'
            WHEN word IN (
                'failed', 'callfailed', 'fromlegnodial', 'tolegnodial', 'congestion', 'chanunavail', 'invalidnumber',
                'noroutedestination', 'isddisabled', 'exception', 'balancelow', 'stopped', 'error', 'dialfailed',
                'unallocatednumber', 'wrongnumber', 'numberinvalid', 'invalid', 'notinservice', 'numbernotinservice', 'outofservice',
                'numberdoesnotexist', 'doesnotexist', 'networkoutoforder', 'normaltemporaryfailure', 'disconnectednumber'
            ) THEN 'failed'
            WHEN word IN ('queued', 'initiated', 'calling', 'ringing', 'ring', 'dialing', 'dialling', 'registered') THEN 'calling'
            WHEN word IN ('notinitiated', 'ready', 'scheduled', 'rescheduled', 'notdialed', 'notdialled') THEN 'not_initiated'
            WHEN word IN ('inprogress', 'callinprogress', 'ongoing') THEN 'call_in_progress'
            WHEN word = 'agenttransfer' THEN 'agent_transfer'
            WHEN word IN (
                'voicemail', 'voicemailreached', 'leftvoicemail', 'voicemaildetected', 'customerendedcallvoicemail', 'amd',
                'machine', 'machinestart', 'machineendbeep', 'machineendsilence', 'machineendother', 'machinedetected',
                'answeringmachine', 'answeringmachineauto'
            ) THEN 'machine'
        END)[1]
    END;

-- The same of VICIdial's own codes; a campaign's further codes are null.
CREATE OR REPLACE MACRO vicidial_word_of(code) AS
    CASE
        WHEN upper(code) IN ('SALE', 'PTP', 'CALLBK', 'DNC', 'DNCL') THEN 'answered'
        WHEN upper(code) IN ('NA', 'N', 'B', 'AB', 'DROP', 'PDROP') THEN 'disconnected'
        WHEN upper(code) IN ('DC', 'ADC') THEN 'failed'
        WHEN upper(code) IN ('A', 'AA', 'AM') THEN 'machine'
        WHEN upper(code) = 'NEW' THEN 'not_initiated'
        WHEN upper(code) = 'QUEUE' THEN 'calling'
    END;

-- A status of ours from one word alone, as records of ours state it.
CREATE OR REPLACE MACRO call_status_of(s) AS
    list_transform([call_word_of(s)], lambda word: CASE
        WHEN word = 'answered' THEN 'call_in_progress' WHEN word = 'machine' THEN 'call_completed' ELSE word
    END)[1];

-- What became of a call, from all that speaks of it: the word of its status, those of the borrower's leg and of the other
-- one, the reason it ended, its talk and its whole time in seconds, and whether an end is stated. Where the status leaves a
-- doubt the others decide in this order. Null where nothing says it.
CREATE OR REPLACE MACRO call_outcome(word, leg, other_leg, reason, talk, duration, is_over) AS
    CASE
        WHEN word IN ('not_initiated', 'calling', 'call_in_progress', 'agent_transfer', 'disconnected', 'failed') THEN word
        WHEN leg IN ('disconnected', 'failed') THEN CASE WHEN word IS NULL THEN leg ELSE 'disconnected' END
        WHEN word IN ('call_completed', 'machine') OR leg = 'machine' OR reason = 'machine' THEN 'call_completed'
        WHEN reason IN ('disconnected', 'failed') THEN reason
        WHEN word IS NULL AND other_leg IN ('disconnected', 'failed') THEN other_leg
        WHEN talk > 0 OR (talk IS NULL AND is_over) THEN 'call_completed'
        WHEN word IS NULL AND talk IS NULL AND duration > 0 THEN 'call_completed'
        WHEN talk = 0 AND (is_over OR word IS NULL) THEN 'disconnected'
        WHEN word IS NULL AND duration = 0 THEN 'disconnected'
        WHEN word = 'answered' OR leg IS NOT NULL OR reason IS NOT NULL THEN 'call_in_progress'
    END;

-- How a sentence names a status that we do not know, and how many records of the upload have it. What is not written as
-- codes and status words are, and is not there several times, may be a cell of a person's that got into the column.
CREATE OR REPLACE MACRO unknown_word(s, records) AS
    CASE
        WHEN length(s) <= 40 AND (records >= 3 OR regexp_matches(s, '^([a-z][a-z0-9_-]*|[A-Z][A-Z0-9_-]*)$'))
        THEN ': ' || s || CASE WHEN records > 1 THEN ' (' || CAST(records AS VARCHAR) || ' records)' ELSE '' END
    END;

-- Whether what answered a call was a machine.
CREATE OR REPLACE MACRO is_machine(s) AS regexp_matches(lower(s), 'machine|voice ?mail|^amd');

-- not_initiated < calling < in progress = transfer < the three ends
CREATE OR REPLACE MACRO call_status_rank(status) AS
    CASE
        WHEN status = 'not_initiated' THEN 0
        WHEN status = 'calling' THEN 1
        WHEN status IN ('call_in_progress', 'agent_transfer') THEN 2
        ELSE 3
    END;

-- loans ---------------------------------------------------------------------------------------------------------------

-- A loan's status in our words; null for one that says nothing. Letters alone are compared, and what follows the word says
-- why: `Closed (obligations met)`.
CREATE OR REPLACE MACRO loan_status_of(s) AS
    CASE
        WHEN lower(s) = 'active' THEN 'active'
        WHEN NOT is_unstated(s)
        THEN list_transform([regexp_replace(lower(s), '[^a-z]', '', 'g')], lambda word: CASE
            WHEN regexp_matches(word, '^(loan|account|acc?|fully)?((pre|fore|auto)?closed|writt?enoff|settled|paidoff)') THEN 'closed'
            WHEN word IN ('close', 'writeoff', 'wo', 'woff', 'paid', 'inactive') THEN 'closed'
            ELSE 'active'
        END)[1]
    END;

-- The same of a row: its status column says it, else what is outstanding.
CREATE OR REPLACE MACRO status_of_loan(stated, outstanding) AS
    CASE WHEN stated IS NOT NULL THEN stated WHEN outstanding = 0 THEN 'closed' WHEN outstanding IS NOT NULL THEN 'active' END;

-- What loan numbers that differ in leading zeros, hyphens and spaces only have in common.
CREATE OR REPLACE MACRO loan_id_likeness(s) AS
    CASE
        WHEN substr(s, 1, 1) IN ('0', '-', ' ') THEN regexp_replace(replace(replace(s, '-', ''), ' ', ''), '^0+', '', 'g')
        ELSE replace(replace(s, '-', ''), ' ', '')
    END;

-- The words of a name, in small letters without accents, without titles.
CREATE OR REPLACE MACRO name_key_of(s) AS
    array_to_string(list_filter(
        string_split(regexp_replace(
            lower(translate(s, 'İΣáàâäãåéèêëíìîïóòôöõúùûüñçÁÀÂÄÃÅÉÈÊËÍÌÎÏÓÒÔÖÕÚÙÛÜÑÇ', 'iσaaaaaaeeeeiiiiooooouuuuncaaaaaaeeeeiiiiooooouuuunc')),
            '[^\p{L}\p{M}]+', ' ', 'g'
        ), ' '),
        lambda word: word NOT IN ('', 'mr', 'mrs', 'ms', 'miss', 'dr', 'shri', 'shree', 'sri', 'smt', 'late', 'kum', 'prof', 'adv')
    ), ' ');

-- Whether a row is about the borrower (applicant) or about somebody beside him (other); null where it does not say.
-- Letters alone are compared: `Co-Applicant 2` is a co-applicant.
CREATE OR REPLACE MACRO borrower_role_of(s) AS
    CASE WHEN s IS NOT NULL THEN list_transform([regexp_replace(lower(s), '[^a-z]', '', 'g')], lambda word: CASE
        WHEN regexp_matches(word, '^((main|primary|first|principal|sole)?(applicant|borrower|customer)|primary|main|self)$')
        THEN 'applicant'
        WHEN regexp_matches(word, '^(co|joint|second)|guarant|surety|nominee|spouse|witness') THEN 'other'
    END)[1] END;

-- records of ours -----------------------------------------------------------------------------------------------------

-- A time as records state it: ISO, naive UTC, in our centuries.
CREATE OR REPLACE MACRO stated_time(s) AS
    CASE
        WHEN regexp_matches(s, '^(19[0-9]{2}|20[0-9]{2}|2100)-[0-9]{2}-[0-9]{2}([ T]([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)?$')
        THEN TRY_CAST(replace(s, 'T', ' ') AS TIMESTAMP)
    END;

-- An id as records refer to it.
CREATE OR REPLACE MACRO stated_id(s) AS TRY_CAST(s AS UUID);

-- ids and order -------------------------------------------------------------------------------------------------------

CREATE OR REPLACE MACRO id_of(what, natural_key) AS CAST(md5(what || '|' || natural_key) AS UUID);

CREATE OR REPLACE MACRO row_id_of(sha256, line_number) AS
    id_of('row', sha256 || '|' || CAST(line_number AS VARCHAR));

-- Who a customer is, in 16 bytes: the digits of his phone and his national id; unlike any other where both are absent.
CREATE OR REPLACE MACRO fingerprint_of(phone, national_id, customer_id) AS
    CASE
        WHEN phone IS NULL AND national_id IS NULL THEN id_of('fingerprint', CAST(customer_id AS VARCHAR))
        ELSE CAST(md5(coalesce(replace(phone, '+', ''), '') || '|' || coalesce(national_id, '')) AS UUID)
    END;

-- The place of a row in the order of all rows: by upload, then line.
CREATE OR REPLACE MACRO row_order_of(upload_order, line_number) AS
    CAST(upload_order AS BIGINT) * 1000000000 + line_number;

-- The place of what is stated of a call: by its own time, then as received. No two rows have the same.
CREATE OR REPLACE MACRO event_order_of(event_at, row_order) AS
    CAST(epoch_us(event_at) AS HUGEINT) * 1000000000000000000 + row_order;

-- The same with the status before the time, so that a late lower status comes before an earlier further one.
CREATE OR REPLACE MACRO furthest_order_of(status, event_order) AS
    CAST(call_status_rank(status) AS HUGEINT) * 10000000000000000000000000000000000000 + event_order;

-- Of what several uploads state, the latest before a moment counts, else the earliest after it: each counts from its own
-- time, the first of them from ever, until the next one's. Equal times make nothing of all but the last.
CREATE OR REPLACE MACRO in_force_from(stated_at, earlier_at) AS
    CASE WHEN earlier_at IS NULL THEN TIMESTAMP '0001-01-01 00:00:00' ELSE stated_at END;

CREATE OR REPLACE MACRO in_force_to(later_at) AS coalesce(later_at, TIMESTAMP '9999-12-31 00:00:00');

-- rates ---------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE MACRO rate(part, whole) AS CAST(part AS DOUBLE) / nullif(whole, 0);

-- 95 % Wilson score interval of part / whole; null without a whole.
CREATE OR REPLACE MACRO wilson_low(part, whole) AS
    CASE WHEN whole > 0 THEN greatest(0.0, (
        rate(part, whole) + 1.9207294103470622 / whole
        - 1.959963984540054 * sqrt((rate(part, whole) * (1 - rate(part, whole)) + 0.9603647051735311 / whole) / whole)
    ) / (1 + 3.8414588206941245 / whole)) END;

CREATE OR REPLACE MACRO wilson_high(part, whole) AS
    CASE WHEN whole > 0 THEN least(1.0, (
        rate(part, whole) + 1.9207294103470622 / whole
        + 1.959963984540054 * sqrt((rate(part, whole) * (1 - rate(part, whole)) + 0.9603647051735311 / whole) / whole)
    ) / (1 + 3.8414588206941245 / whole)) END;

-- A rate drawn towards the rate over all, as if 20 more calls had gone as they go on average.
CREATE OR REPLACE MACRO shrunk_rate_of(part, whole, overall) AS
    (CAST(part AS DOUBLE) + 20 * overall) / (whole + 20);
