"""The reader: the bytes of one delimited text file in, its records out, every one with its physical line.

Belongs here: encodings, delimiters, quotes, line numbers, and what is wrong with a record that cannot be read. The
interface is `read_file`: it takes a file and a staging folder of ours and gives a `Reading`, whose `write` puts the
records through a projection into Parquet, so a million of them never pass through Python one by one.

Two speeds give the same records. The fast path is DuckDB's own CSV reader, told everything and checked against a count
of the file's records that does not depend on it. A file that fails a check is read carefully: line by line, keeping
what cannot be read as a record with a problem.

Does not belong here: what columns mean (`models.fields`), hashing and storing (`orchestration.lake`).
"""

from orchestration.reader.reading import Reading, ReadLimitError, no_pattern, read_file, unique_keys

__all__ = ["ReadLimitError", "Reading", "no_pattern", "read_file", "unique_keys"]
