-- What a row says of persons: their names, further numbers, and whose row it is.

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

-- The words of a name, in small letters without accents, without titles.
CREATE OR REPLACE MACRO name_key_of(s) AS
    array_to_string(list_filter(
        string_split(regexp_replace(
            lower(translate(s, 'İΣáàâäãåéèêëíìîïóòôöõúùûüñçÁÀÂÄÃÅÉÈÊËÍÌÎÏÓÒÔÖÕÚÙÛÜÑÇ', 'iσaaaaaaeeeeiiiiooooouuuuncaaaaaaeeeeiiiiooooouuuunc')),
            '[^\p{L}\p{M}]+', ' ', 'g'
        ), ' '),
        lambda word: word NOT IN ('', 'mr', 'mrs', 'ms', 'miss', 'dr', 'shri', 'shree', 'sri', 'smt', 'late', 'kum', 'prof', 'adv')
    ), ' ');

-- Whether a row is about the borrower (applicant) or about somebody else (other); null where it does not say.
-- Letters alone are compared: `Co-Applicant 2` is a co-applicant; A, C and G are what core banking writes.
CREATE OR REPLACE MACRO borrower_role_of(s) AS
    CASE WHEN s IS NOT NULL THEN list_transform([letters_of(s)], lambda word: CASE
        WHEN regexp_matches(word, '^((main|primary|first|principal|sole)?(applicant|borrower|customer)|primary|main|self|a)$')
        THEN 'applicant'
        WHEN regexp_matches(word, '^(co|joint|second)|^[cg]$|guarant|surety|nominee|spouse|witness') THEN 'other'
    END)[1] END;
