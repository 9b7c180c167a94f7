-- Expressions that several transforms share. DuckDB macros, written in the subset of SQL that Spark has too.
-- No text makes one of them fail: what is not a valid number, date or time is null.
-- A macro puts its argument wherever it names it. What is worked out and named more than once goes through a list of one,
-- whose lambda names it once: otherwise it is planned, and worked out, as many times.

-- cells of files ------------------------------------------------------------------------------------------------------

-- Words by which a cell says that nothing is stated. Nan is a name.
CREATE OR REPLACE MACRO is_null_word(s) AS
    regexp_matches(
        s,
        '^(?:(?i:null|[(]null[)]|n[.]?a[.]?|n/a|not available|not applicable|nil|none|#n/a|#ref!|#value!|#name[?]|#div/0!|#num!|#null!)|nan|NaN|NAN|[\\]N|-+|–|—|0000[-/.]00[-/.]00|00[-/.]00[-/.]0000)( 00:00(:00)?)?$'
    );

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

-- A date and a time of two columns as the text of one moment; the time as it is where it has a date itself.
CREATE OR REPLACE MACRO moment_text(date_cell, time_cell) AS
    CASE
        WHEN is_clock(time_cell)
        THEN coalesce(regexp_replace(date_cell, '[ T]0?0:00(:00([.]0+)?)?$', '') || ' ' || time_cell, time_cell)
        ELSE time_cell
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

-- Milliseconds as the text of seconds.
CREATE OR REPLACE MACRO seconds_text(s) AS
    CASE WHEN regexp_matches(s, '^[0-9]{1,15}([.][0-9]+)?$') THEN CAST(TRY_CAST(s AS DOUBLE) / 1000 AS VARCHAR) ELSE s END;

-- identifiers ---------------------------------------------------------------------------------------------------------

-- Whether an identifier says that there is none: blank, NA, nil, -, zeros, one character three times or more.
CREATE OR REPLACE MACRO is_absent(s) AS
    s IS NULL
    OR lower(s) IN ('', 'na', 'n/a', '#n/a', 'nil', 'none', 'null', 'nan', '-')
    OR regexp_matches(s, '^0+([.]0+)?$')
    OR (length(s) >= 3 AND replace(lower(s), substr(lower(s), 1, 1), '') = '');

-- Whether a spreadsheet has put an exponent in place of digits (1.2E+11). 12E5 may be a lender's own number.
CREATE OR REPLACE MACRO has_exponent(s) AS
    regexp_matches(s, '^[0-9]+[.,][0-9]+[eE][+]?[0-9]+$') OR regexp_matches(s, '^[0-9]+[eE][+][0-9]+$');

-- A number that went through a spreadsheet: 12345.0 is 12345.
CREATE OR REPLACE MACRO without_point_zero(s) AS
    CASE WHEN regexp_matches(s, '^[0-9]+[.]0+$') THEN split_part(s, '.', 1) ELSE s END;

-- An id without what a spreadsheet dresses it in: '000123, ="000123", 560,073,000,107 and 12345.0.
CREATE OR REPLACE MACRO undressed(s) AS
    CASE
        WHEN regexp_matches(s, '^[0-9]{1,3}(,[0-9]{2,3})*,[0-9]{3}$') THEN replace(s, ',', '')
        WHEN regexp_matches(s, '^=".+"$') THEN trim(substr(s, 3, length(s) - 3), ' ')
        WHEN regexp_matches(s, '^''.') THEN trim(substr(s, 2), ' ')
        ELSE without_point_zero(s)
    END;

-- A lender's loan number as it is written; null for one that is absent or has lost its digits.
CREATE OR REPLACE MACRO loan_number(s) AS
    CASE
        WHEN regexp_matches(s, '^[A-Z1-9][A-Z0-9/-]*[0-9]$') AND replace(s, substr(s, 1, 1), '') <> '' THEN s
        ELSE list_transform([undressed(s)], lambda t: CASE WHEN NOT is_absent(t) AND NOT has_exponent(t) THEN t END)[1]
    END;

-- By what spellings of a loan's number, a branch or an employee are one: upper case, single spaces, nothing of a spreadsheet.
CREATE OR REPLACE MACRO key_of(s) AS
    CASE
        WHEN regexp_matches(s, '^[A-Za-z0-9][A-Za-z0-9/_-]*( [A-Za-z0-9./_-]+)*$') THEN upper(s)
        ELSE upper(trim(regexp_replace(undressed(s), '[ \t ]+', ' ', 'g'), ' '))
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

-- Words by which a cell says that nothing is stated.
CREATE OR REPLACE MACRO is_unstated(s) AS
    s IS NULL OR lower(s) IN ('', 'na', 'n/a', '#n/a', 'nil', 'none', 'null', 'nan', '-');

-- ₹ 1,23,456.00 and Rs. 5000/- and (500): the digits with sign and parentheses, no currency, no spaces.
CREATE OR REPLACE MACRO amount_text(s) AS
    regexp_replace(s, '[ \t ₹]|/-|/=|[Rr][Ss][.]?|[Ii][Nn][Rr][.]?', '', 'g');

CREATE OR REPLACE MACRO amount_digits(t) AS
    CASE
        WHEN regexp_matches(t, '^([-+]?|[(])([0-9]+|[0-9]{1,3}(,[0-9]{2,3})*,[0-9]{3})?([.][0-9]*)?[)]?$')
            AND contains(t, '(') = contains(t, ')')
            AND regexp_matches(t, '[0-9]')
        THEN translate(t, '()+,', '')
    END;

-- The digits with their sign, at most fourteen of them before the point.
CREATE OR REPLACE MACRO signed_digits(t, digits) AS
    CASE WHEN length(split_part(digits, '.', 1)) <= 14 THEN CASE WHEN contains(t, '(') THEN '-' ELSE '' END || digits END;

-- Whether the digits stand together, so that `5 Rs 5`, `5/-5` and `10 20` are not taken for one number.
CREATE OR REPLACE MACRO is_one_number(s) AS
    regexp_matches(s, '^[^0-9]*([0-9]+|[0-9]{1,3}([, \t ]+[0-9]{2,3})*[, \t ]+[0-9]{3})([.][0-9]*)?[^0-9]*$');

-- DECIMAL(15, 2) or null. Thousands in groups of two or three; parentheses are a minus.
CREATE OR REPLACE MACRO amount_of(s) AS
    CASE
        WHEN regexp_matches(s, '^[0-9]{1,13}([.][0-9]{1,6})?$') THEN TRY_CAST(s AS DECIMAL(15, 2))
        WHEN regexp_matches(s, '^[0-9]{1,3}(,[0-9]{2,3}){0,3},[0-9]{3}([.][0-9]{1,6})?$')
        THEN TRY_CAST(replace(s, ',', '') AS DECIMAL(15, 2))
        WHEN is_one_number(s)
        THEN TRY_CAST(list_transform([amount_text(s)], lambda t: signed_digits(t, amount_digits(t)))[1] AS DECIMAL(15, 2))
    END;

-- DECIMAL(15, 4) or null: what a call cost, with at most eleven digits before the point.
CREATE OR REPLACE MACRO price_of(s) AS
    CASE
        WHEN regexp_matches(s, '^-?[0-9]{1,11}([.][0-9]+)?$') THEN TRY_CAST(s AS DECIMAL(15, 4))
        ELSE TRY_CAST(amount_of(s) AS DECIMAL(15, 4))
    END;

-- Whole seconds: 45, 45.0, or a clock's 00:01:05.
CREATE OR REPLACE MACRO seconds_of(s) AS
    CASE
        WHEN regexp_matches(s, '^[0-9]{1,9}([.][0-9]+)?$') THEN TRY_CAST(split_part(s, '.', 1) AS INTEGER)
        WHEN regexp_matches(s, '^[0-9]{1,3}:[0-5][0-9]:[0-5][0-9]$')
        THEN TRY_CAST(split_part(s, ':', 1) AS INTEGER) * 3600
            + TRY_CAST(split_part(s, ':', 2) AS INTEGER) * 60 + TRY_CAST(split_part(s, ':', 3) AS INTEGER)
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

-- The date part with hyphens between its parts, lower case: `05/03/2026 14:30` is `05-03-2026`.
CREATE OR REPLACE MACRO date_text(s) AS
    regexp_replace(
        regexp_replace(lower(s), '[ t,]+[0-9]{1,2}:.*$', '', 'g'), '[-/., ]+', '-', 'g'
    );

-- +1: only day first can be meant; -1: only month first; 0: either, or another style.
CREATE OR REPLACE MACRO day_first_evidence(s) AS
    list_transform([date_text(s)], lambda d: CASE
        WHEN NOT regexp_matches(d, '^[0-9]{1,2}-[0-9]{1,2}-([0-9]{2}|[0-9]{4})$') THEN 0
        WHEN TRY_CAST(split_part(d, '-', 1) AS INTEGER) BETWEEN 13 AND 31
            AND TRY_CAST(split_part(d, '-', 2) AS INTEGER) <= 12 THEN 1
        WHEN TRY_CAST(split_part(d, '-', 2) AS INTEGER) BETWEEN 13 AND 31
            AND TRY_CAST(split_part(d, '-', 1) AS INTEGER) <= 12 THEN -1
        ELSE 0
    END)[1];

CREATE OR REPLACE MACRO four_digit_year(y) AS CASE WHEN length(y) = 2 THEN '20' || y ELSE y END;

CREATE OR REPLACE MACRO month_number(m) AS
    lpad(
        CAST(CAST(floor((strpos('janfebmaraprmayjunjulaugsepoctnovdec', substr(m, 1, 3)) + 2) / 3) AS INTEGER) AS VARCHAR),
        2, '0'
    );

-- yyyy-mm-dd as text, from what date_text gives; null where it is no date style.
CREATE OR REPLACE MACRO iso_date(d, day_first) AS
    CASE
        WHEN regexp_matches(d, '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$')
        THEN split_part(d, '-', 1) || '-' || lpad(split_part(d, '-', 2), 2, '0')
            || '-' || lpad(split_part(d, '-', 3), 2, '0')
        WHEN regexp_matches(d, '^[0-9]{1,2}-[0-9]{1,2}-([0-9]{2}|[0-9]{4})$')
        THEN four_digit_year(split_part(d, '-', 3))
            || '-' || lpad(split_part(d, '-', CASE WHEN day_first THEN 2 ELSE 1 END), 2, '0')
            || '-' || lpad(split_part(d, '-', CASE WHEN day_first THEN 1 ELSE 2 END), 2, '0')
        WHEN regexp_matches(
            d,
            '^[0-9]{1,2}-(jan|january|feb|february|mar|march|apr|april|may|jun|june|jul|july|aug|august|sep|sept|september|oct|october|nov|november|dec|december)-([0-9]{2}|[0-9]{4})$'
        )
        THEN four_digit_year(split_part(d, '-', 3)) || '-' || month_number(split_part(d, '-', 2))
            || '-' || lpad(split_part(d, '-', 1), 2, '0')
        WHEN regexp_matches(d, '^(19|20)[0-9]{6}$')
        THEN substr(d, 1, 4) || '-' || substr(d, 5, 2) || '-' || substr(d, 7, 2)
    END;

-- Days since 1899-12-30, as Excel keeps a date: 45292 or 45292.75, 1927 to 2100.
CREATE OR REPLACE MACRO is_excel_serial(s) AS
    regexp_matches(s, '^[1-7][0-9]{4}([.][0-9]+)?$') AND TRY_CAST(substr(s, 1, 5) AS INTEGER) <= 73415;

CREATE OR REPLACE MACRO in_our_centuries(d) AS
    list_filter([d], lambda x: x BETWEEN DATE '1900-01-01' AND DATE '2100-12-31')[1];

CREATE OR REPLACE MACRO date_of(s, day_first) AS
    in_our_centuries(
        CASE
            WHEN regexp_matches(s, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') THEN TRY_CAST(s AS DATE)
            WHEN is_excel_serial(s) THEN DATE '1899-12-30' + TRY_CAST(substr(s, 1, 5) AS INTEGER)
            ELSE TRY_CAST(list_transform([date_text(s)], lambda d: iso_date(d, day_first))[1] AS DATE)
        END
    );

-- The hour of 24 that is meant by a stated one: 12 am is 0, 1 pm is 13.
CREATE OR REPLACE MACRO hour_of_day(s, hour) AS
    hour + CASE
        WHEN regexp_matches(lower(s), 'p[.]?m') AND hour <> 12 THEN 12
        WHEN regexp_matches(lower(s), 'a[.]?m') AND hour = 12 THEN -12
        ELSE 0
    END;

-- The clock's part of a time: hours (24), minutes and seconds as hh:mm:ss[.ffffff]; midnight where none is stated; null
-- for an hour that no day has.
CREATE OR REPLACE MACRO clock_text(s) AS
    CASE
        WHEN NOT contains(s, ':') THEN '00:00:00'
        ELSE list_transform(
            [TRY_CAST(regexp_extract(s, '([0-9]{1,2}):[0-9]{2}', 1) AS INTEGER)],
            lambda hour: CASE WHEN hour <= 23 THEN lpad(CAST(hour_of_day(s, hour) AS VARCHAR), 2, '0') END
        )[1]
            || regexp_extract(s, '[0-9]{1,2}(:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?)', 1)
            || CASE WHEN regexp_matches(s, ':[0-9]{2}:[0-9]{2}') THEN '' ELSE ':00' END
    END;

-- Minutes that a stated time is east of UTC: its own zone when it states one, else the local offset.
CREATE OR REPLACE MACRO zone_minutes(s, local_minutes) AS
    CASE
        WHEN regexp_matches(s, '[0-9] ?([aApP][.]?[mM][.]?)? ?([zZ]|[uU][tT][cC]|[gG][mM][tT])$') THEN 0
        WHEN regexp_matches(s, '[0-9] ?([aApP][.]?[mM][.]?)? ?[iI][sS][tT]$') THEN 330
        WHEN regexp_matches(s, ':[0-9]{2}([.][0-9]+)? ?([aApP][.]?[mM][.]?)? ?[-+][0-9]{2}:?[0-9]{2}$')
        THEN (
            TRY_CAST(regexp_extract(s, '[-+]([0-9]{2}):?[0-9]{2}$', 1) AS INTEGER) * 60
            + TRY_CAST(regexp_extract(s, '[-+][0-9]{2}:?([0-9]{2})$', 1) AS INTEGER)
        ) * CASE WHEN regexp_matches(s, '-[0-9]{2}:?[0-9]{2}$') THEN -1 ELSE 1 END
        ELSE local_minutes
    END;

-- Naive UTC, or null.
CREATE OR REPLACE MACRO timestamp_of(s, day_first, local_minutes) AS
    CASE
        WHEN regexp_matches(s, '^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}[ T]([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}$')
        THEN TRY_CAST(replace(s, 'T', ' ') AS TIMESTAMP) - to_minutes(local_minutes)
        WHEN is_excel_serial(s)
        THEN CAST(DATE '1899-12-30' + TRY_CAST(substr(s, 1, 5) AS INTEGER) AS TIMESTAMP)
            + to_seconds(CAST(round(TRY_CAST('0' || substr(s, 6) AS DECIMAL(18, 10)) * 86400, 0) AS BIGINT))
            - to_minutes(local_minutes)
        WHEN regexp_matches(
            lower(s),
            '^[^:]*[0-9][ t,]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)? ?([ap][.]?m[.]?)? ?(z|utc|gmt|ist|[-+](0[0-9]|1[0-4]):?[0-5][0-9])?$|^[^:]+$'
        )
        THEN TRY_CAST(CAST(date_of(s, day_first) AS VARCHAR) || ' ' || clock_text(s) AS TIMESTAMP)
            - to_minutes(zone_minutes(s, local_minutes))
    END;

-- JSON, or the words of what should be JSON and is none.
CREATE OR REPLACE MACRO json_of(s) AS CASE WHEN json_valid(s) THEN CAST(s AS JSON) ELSE to_json(s) END;

-- findings ------------------------------------------------------------------------------------------------------------

-- What is wrong with a cell: null when it has a value or states none.
CREATE OR REPLACE MACRO cell_error(code, field, what, cell, value) AS
    CASE WHEN value IS NULL AND NOT is_unstated(cell) THEN code || ': ' || field || ' is not a valid ' || what END;

-- Those of several findings that there are, as a list; null where there are none.
CREATE OR REPLACE MACRO found_errors(findings) AS nullif(list_filter(findings, lambda x: x IS NOT NULL), CAST([] AS VARCHAR[]));

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
            WHEN word IN ('completed', 'callcompleted', 'complete') THEN 'call_completed'
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
