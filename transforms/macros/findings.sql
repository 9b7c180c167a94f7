-- What was wrong with the cells of a row.

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
