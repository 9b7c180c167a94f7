-- Dates and times, in the styles that people and systems write.

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
        THEN TRY_CAST(s AS TIMESTAMP) - to_minutes(local_minutes)
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
