"""The transforms: one `.sql` file is one plain SELECT is one table is one Dagster asset.

Belongs here: `staging/` (one typed row per record), `core/` (customers, loans, calls and how they were found),
`marts/` (analytics), `macros.sql` (expressions shared by several files) and `identity/` (the two steps repeated until
groups of customers stand still).

Does not belong here: Python, templating, and lists of upstream tables: those are read from the SQL itself.
"""
