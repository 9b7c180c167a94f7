"""The transforms: one `.sql` file is one plain SELECT is one table is one Dagster asset.

Belongs here: `staging/` (one typed row per record), `core/` (customers, loans, calls and how they were found),
`marts/` (analytics), folders in them by subject, `macros/` (expressions shared by several files),
`core/identity/steps/` (the two steps repeated until the groups of customers converge) and `closure/` (which rows a
changed upload reaches). The name of a table that is not published begins with an underscore.

Does not belong here: Python, templating, and lists of upstream tables: those are read from the SQL itself.
"""
