"""Everything that runs: the reader, the lake, the asset factory, checks, sensors, publish, and the CLI.

Belongs here: reading files into the lake (`reader/`, `ingest`, `lake`), running the SQL files (`sql_files`,
`warehouse`, `assets`), publishing, Dagster definitions and the command line. May import every other package; none
may import this one.

Does not belong here: rules of meaning. They live in `transforms/` as SQL and in `models/` as the contract.
"""
