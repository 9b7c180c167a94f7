"""The reader: the bytes of one file in, its records out, every one with its physical line, and nothing lost.

Belongs here: what a file is, encodings, dialects, headers, line numbers, what is wrong with a record that cannot be
read, and what the lines are that are no records. docs/reading.md says it all. Two interfaces: `read_table` gives one
file as lists; `read_file` gives a `Reading`, whose `write` puts the records through a projection into Parquet, so that
a million of them never pass through Python one by one.

Two speeds give the same records. The fast path is DuckDB's own CSV reader, told everything and checked against a count
of the file's records that does not depend on it. A file that fails a check is read carefully: record by record,
repairing what leaves no doubt, keeping what cannot be read as a record with a problem.

Does not belong here: what columns mean (`models.fields`), hashing and storing (`orchestration.ingest.store`).
"""

from orchestration.reader.errors import Limits, ReadError, ReadLimitError, UnreadableFileError
from orchestration.reader.fast import ends_bare, stated, trimmed, write_parquet
from orchestration.reader.layout import OtherLine, Words
from orchestration.reader.reading import LineCounts, Reading, read_file, unique_keys
from orchestration.reader.table import Record, Table, read_table

__all__ = [
    "Limits",
    "LineCounts",
    "OtherLine",
    "ReadError",
    "ReadLimitError",
    "Reading",
    "Record",
    "Table",
    "UnreadableFileError",
    "Words",
    "ends_bare",
    "read_file",
    "read_table",
    "stated",
    "trimmed",
    "unique_keys",
    "write_parquet",
]
