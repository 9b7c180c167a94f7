-- A loan's status, and which loan numbers are nearly the same.

-- A loan's status in our words; null for one that says nothing. Letters alone are compared, and what follows the word says
-- why: `Closed (obligations met)`.
CREATE OR REPLACE MACRO loan_status_of(s) AS
    CASE
        WHEN lower(s) = 'active' THEN 'active'
        WHEN NOT is_unstated(s)
        THEN list_transform([letters_of(s)], lambda word: CASE
            WHEN regexp_matches(word, '^(loan|account|acc?|fully)?((pre|fore|auto)?closed|writt?enoff|settled|paidoff|paid$|repaid|chargedoff)') THEN 'closed'
            WHEN word IN ('close', 'writeoff', 'wo', 'woff', 'chargeoff', 'inactive') THEN 'closed'
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
