-- Amounts, prices, durations, counts and flags.

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
