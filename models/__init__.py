"""The contract: SQLAlchemy classes that describe every published table, once.

Belongs here: columns, types, nullability, keys, references, allowed values and one-sentence descriptions (`uploads`,
`borrowers`, `calls`, `marts`; `published` has them all), codes of what may be wrong (`codes`), and which header of a
file serves which field (`fields`, `headers`, `shapes`). DDL types, expectations, Dagster descriptions and the data
dictionary are all derived from these classes. And what goes with them in Python: the earlier system's names (`legacy`),
what becomes of values that scripts set (`writing`), the rules of `transforms/` for single values (`rules`), and its
shared expressions for a connection (`macros`).

Does not belong here: SQL (it lives in `transforms/`; readers who come from dbt, note the difference), anything that
runs a pipeline, and anything of `orchestration`.
"""
