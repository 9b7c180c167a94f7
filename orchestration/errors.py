"""Errors a person is meant to read: one sentence that names what is wrong and how to fix it."""


class LoancallsError(Exception):
    """A run could not do what it was asked; the CLI prints the sentence and exits 1."""


class UsageError(LoancallsError):
    """The caller asked for something that cannot be; the CLI prints the sentence and exits 2."""


class TransformError(LoancallsError):
    """A transform failed. `str()` gives the table, DuckDB's message and the whole SQL."""

    def __init__(self, table: str, message: str, sql: str):
        super().__init__(f"Table {table} could not be built: {message}\n--- {table}.sql ---\n{sql}")
        self.table, self.message, self.sql = table, message, sql
