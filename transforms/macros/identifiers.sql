-- Ids as lenders and borrowers write them: loan numbers, keys, national ids.

-- Whether an identifier says that there is none: a null word, zeros, one character three times or more. A long one, as
-- calls have, is seen not to at its first two characters.
CREATE OR REPLACE MACRO is_absent(s) AS
    CASE
        WHEN length(s) > 20 AND NOT starts_with(s, '0') AND lower(substr(s, 1, 1)) <> lower(substr(s, 2, 1)) THEN false
        ELSE is_unstated(s)
            OR regexp_matches(s, '^0+([.]0+)?$')
            OR (length(s) >= 3 AND replace(lower(s), substr(lower(s), 1, 1), '') = '')
    END;

-- Whether a spreadsheet has put an exponent in place of digits (1.2E+11). 12E5 may be a lender's own number. Few ids have
-- any of the characters without which there is none.
CREATE OR REPLACE MACRO has_exponent(s) AS
    CASE
        WHEN contains(s, '.') OR contains(s, '+') OR contains(s, ',')
        THEN regexp_matches(s, '^[0-9]+[.,][0-9]+[eE][+]?[0-9]+$') OR regexp_matches(s, '^[0-9]+[eE][+][0-9]+$')
        WHEN s IS NOT NULL THEN false
    END;

-- A number that went through a spreadsheet: 12345.0 is 12345.
CREATE OR REPLACE MACRO without_point_zero(s) AS
    CASE WHEN regexp_matches(s, '^[0-9]+[.]0+$') THEN split_part(s, '.', 1) ELSE s END;

-- Whether a spreadsheet has put commas between the digits: 560,073,000,107.
CREATE OR REPLACE MACRO has_thousands(s) AS regexp_matches(s, '^[0-9]{1,3}(,[0-9]{2,3})*,[0-9]{3}([.]0+)?$');

-- An id without what a spreadsheet dresses it in: '000123, ="000123", 560,073,000,107 and 12345.0.
CREATE OR REPLACE MACRO undressed_id(s) AS
    CASE
        WHEN has_thousands(s) THEN replace(split_part(s, '.', 1), ',', '')
        WHEN starts_with(s, '=') OR starts_with(s, '''') THEN undressed(s)
        ELSE without_point_zero(s)
    END;

-- The next two hand the cell on by a lambda: each names it many times, and they are used one within the other.

-- A lender's loan number as it is written; null for one that is absent or has lost its digits.
CREATE OR REPLACE MACRO loan_number(s) AS
    CASE
        WHEN regexp_matches(s, '^[A-Z1-9][A-Z0-9/-]*[0-9]$') AND replace(s, substr(s, 1, 1), '') <> '' THEN s
        WHEN s IS NOT NULL
        THEN list_transform(
            list_transform([s], lambda cell: undressed_id(cell)), lambda t: CASE WHEN NOT is_absent(t) AND NOT has_exponent(t) THEN t END
        )[1]
    END;

-- By what spellings of a loan's number, a branch or an employee are one: upper case, single spaces, nothing of a spreadsheet.
CREATE OR REPLACE MACRO key_of(s) AS
    CASE
        WHEN regexp_matches(s, '^[A-Za-z0-9][A-Za-z0-9/_-]*( [A-Za-z0-9./_-]+)*$') THEN upper(s)
        WHEN s IS NOT NULL
        THEN list_transform([s], lambda cell: upper(trim(regexp_replace(undressed_id(cell), '[ \t\x{a0}]+', ' ', 'g'), ' ')))[1]
    END;

-- What names a loan in such a field, up to its number: loan_id=, Loan No: , lan=, "loan": {"id":
CREATE OR REPLACE MACRO loan_name_pattern() AS
    '(?i)(?:^|[^a-z])(?:loan[ _-]*(?:account|a/?c)?[ _-]*(?:id|no|num|number)|loan[ _-]*(?:account|a/?c)|lan(?:[ _-]*(?:id|no|num|number))?'
    || '|agreement[ _-]*(?:id|no|num|number)|loan[" ]*:[ ]*[{][ ]*"(?:id|no|number))[." ]*[=:][" ]*';

-- The loan that a provider's custom field names: the field itself, `loan_id=EX-2`, or JSON with such a key.
CREATE OR REPLACE MACRO loan_in_custom_field(s) AS
    CASE
        WHEN (contains(s, '=') OR contains(s, ':')) AND regexp_matches(s, loan_name_pattern())
        THEN nullif(regexp_extract(s, loan_name_pattern() || '([^"&;,|}\s]+)', 1), '')
        WHEN starts_with(s, '{') THEN NULL
        WHEN regexp_matches(s, '^"[^"]+"$') THEN trim(s, '"')
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
