"""Everything that runs, a room for each stop of the data: each knows itself and those before it.

Belongs here: what lies in a home (`store/`), reading files (`reader/`) into the lake (`ingest/`), building and
publishing the tables (`warehouse/`), databases of the earlier system (`earlier/`), what people are told (`report/`),
what Dagster sees (`defs/`) and the command line (`cli/`). Only `database/` imports any of it: `store/` and settings.

Does not belong here: rules of meaning. They live in `transforms/` as SQL and in `models/` as the contract.
"""
