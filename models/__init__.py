"""The contract: SQLAlchemy classes that describe every published table, once.

Belongs here: columns, types, nullability, keys, references, allowed values and one-sentence descriptions (`tables`,
`marts`), and which header of a file serves which field (`fields`). DDL types, expectations, Dagster descriptions and
the data dictionary are all derived from these classes.

Does not belong here: SQL (it lives in `transforms/`; readers who come from dbt, note the difference), anything that
runs a pipeline, and anything of `orchestration`.
"""
