-- What was wrong with the cells of a row.

-- What is wrong with a cell that has no value, with the cell below it in a line of its own: null when it has one.
CREATE OR REPLACE MACRO cell_error(code, field, what, cell, value) AS
    CASE WHEN value IS NULL THEN code || ': ' || field || ' is not a valid ' || what || chr(10) || cell END;

-- Those of a list of findings that there are; null where there are none, as of most rows. A cell that states nothing has none, and
-- no finding keeps its cell.
CREATE OR REPLACE MACRO found_errors(findings) AS
    CASE
        WHEN list_aggregate(findings, 'count') > 0
        THEN nullif(
            list_transform(
                list_filter(
                    findings,
                    lambda x: x IS NOT NULL AND NOT (contains(x, chr(10)) AND is_unstated(substr(x, strpos(x, chr(10)) + 1)))
                ),
                lambda x: split_part(x, chr(10), 1)
            ),
            CAST([] AS VARCHAR[])
        )
    END;

-- The codes of findings, each once.
CREATE OR REPLACE MACRO error_codes_of(findings) AS
    list_sort(list_distinct(list_transform(findings, lambda x: split_part(x, ':', 1))));

CREATE OR REPLACE MACRO date_order(day_first) AS CASE WHEN day_first THEN 'day first' ELSE 'month first' END;
