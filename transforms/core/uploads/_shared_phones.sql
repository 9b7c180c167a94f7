-- Grain: one row per name that differs clearly from every earlier name of its customer, who has no national id.
-- Meaning: the first row with such a name: the phone may be shared by several people. Names are alike where a word of
--          three letters or more of one begins a word of the other. Words are looked up, so that it costs what names there
--          are, not what pairs of them.
-- Step: a part of upload_findings
WITH stated AS (
    SELECT customers.customer_id, customers.row_id, customers.upload_id, customers.line_number, rows.full_name
    FROM _row_customers AS customers
    JOIN _stg_loan_rows AS rows ON rows.row_id = customers.row_id
    WHERE NOT customers.is_aside AND rows.full_name IS NOT NULL
),

-- Few persons have more than one.
several AS (
    SELECT customer_id
    FROM stated
    GROUP BY customer_id
    HAVING min(full_name) <> max(full_name)
),

spelled AS (
    SELECT
        stated.customer_id, stated.row_id, name_key_of(stated.full_name) AS name,
        row_order_of(places.upload_order, stated.line_number) AS row_order
    FROM several
    JOIN customers ON customers.id = several.customer_id
    JOIN stated ON stated.customer_id = several.customer_id
    JOIN _upload_places AS places ON places.upload_id = stated.upload_id
    WHERE customers.national_id IS NULL
),

names AS (
    SELECT customer_id, name, min(row_order) AS row_order, arg_min(row_id, row_order) AS row_id
    FROM spelled
    GROUP BY customer_id, name
),

words AS (
    SELECT customer_id, name, row_order, unnest(string_split(name, ' ')) AS word FROM names
),

beginnings AS (
    SELECT
        customer_id, name, row_order, length(word) AS letters, unnest(range(3, length(word) + 1)) AS taken, word
    FROM words
    WHERE length(word) >= 3
),

first_seen AS (
    SELECT
        customer_id,
        substr(word, 1, taken) AS beginning,
        min(row_order) AS first_as_beginning,
        min(row_order) FILTER (WHERE taken = letters) AS first_as_word
    FROM beginnings
    GROUP BY customer_id, substr(word, 1, taken)
),

alike AS (
    SELECT DISTINCT names.customer_id, names.name
    FROM beginnings AS names
    JOIN first_seen
        ON first_seen.customer_id = names.customer_id AND first_seen.beginning = substr(names.word, 1, names.taken)
    WHERE
        first_seen.first_as_word < names.row_order
        OR (names.taken = names.letters AND first_seen.first_as_beginning < names.row_order)
)

SELECT names.row_id
FROM names
LEFT JOIN alike ON alike.customer_id = names.customer_id AND alike.name = names.name
WHERE alike.name IS NULL
QUALIFY row_number() OVER (PARTITION BY names.customer_id ORDER BY names.row_order) > 1
