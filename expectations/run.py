"""Run the suites on a connection to the working database: one Great Expectations context for all of them.

Great Expectations takes seconds to import, so it is imported when the first suite runs.
"""

import importlib
import logging
import os
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from types import ModuleType
from typing import Any

import duckdb

from expectations.contract import CHECKED_AS, ColumnRule, RowRule, column_rules, key_columns, reference_rules
from expectations.identities import IDENTITIES
from models.quoting import identifier, literal

_EXAMPLES = 5
# Great Expectations imports these for one expectation that we do not use; they are half of the time its import takes.
_NOT_NEEDED = ("altair", "scipy.stats")


@dataclass(frozen=True)
class Outcome:
    """What came of one expectation. `examples` are keys of failing rows, never other cells."""

    table: str
    suite: str
    rule: str
    column: str
    passed: bool
    count: int
    examples: list[str]
    sentence: str

    def __str__(self) -> str:
        where = f"{self.table}.{self.column}" if self.column else self.table
        keys = f", for example {', '.join(self.examples)}" if self.examples else ""
        return f"{where}: {self.sentence} ({self.rule}) does not hold for {self.count} rows{keys}"


class Suites:
    """The suites of the published tables, run on one connection to the database that has them.

    Of a table in `views`, which strings together others that are checked, only what it might leave out is held. Each
    expectation is a query for the rows that break it. Which rows those are, and of which rule, is only asked when one
    has failed. Raises RuntimeError when an expectation could not be computed at all.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, views: Collection[str] = ()):
        self._con = con
        self._views = views
        self._cursors: list[duckdb.DuckDBPyConnection] = []

    def contract(self, table: str, places: tuple[str, str] | None = None) -> list[Outcome]:
        """Hold a published table against its own contract: not null, unique, allowed values.

        Of a table of which a part was made, `places` are where its new rows are and where all: cells are held of the
        new ones, and uniqueness between them and all others.
        """
        rules = [] if table in self._views else column_rules(table)
        groups = [[rule for rule in rules if rule.kind == kind] for kind in ("not_null", "allowed")]
        groups = [group for group in groups if group] + [[rule] for rule in rules if rule.kind == "unique"]
        queries = [_in_places(table, group, _any_of(table, group), places) for group in groups]
        broken = self._broken(table, "contract", queries)
        suspects = {rule for group, is_broken in zip(groups, broken, strict=True) if is_broken for rule in group}
        return [self._column_outcome(table, rule, rule in suspects, places) for rule in rules]

    def together(self, tables: Iterable[str]) -> list[Outcome]:
        """Hold published tables against each other: references, and the identities between figures."""
        outcomes = []
        for table in tables:
            references = [] if table in self._views else reference_rules(table)
            for suite, rules in (("references", references), ("identities", IDENTITIES.get(table, []))):
                broken = self._broken(table, suite, [rule.query for rule in rules])
                outcomes += [
                    self._row_outcome(table, suite, rule, is_broken)
                    for rule, is_broken in zip(rules, broken, strict=True)
                ]
        return outcomes

    # --- Great Expectations -------------------------------------------------------------------------------------

    def _broken(self, table: str, suite: str, queries: Sequence[str]) -> list[bool]:
        """For each query whether it finds rows."""
        if not queries:
            return []
        gx, no_rows = great_expectations(), _no_rows()
        expectations = [no_rows(unexpected_rows_query=_on(table, query)) for query in queries]
        results = self._batch.validate(gx.ExpectationSuite(name=f"{table}_{suite}", expectations=expectations))
        for cursor in self._cursors:
            cursor.execute("SELECT 1").fetchall()  # ends a result that was left unread, which a checkpoint waits for
        for result in results.results:
            _raise_if_not_computed(table, result)
        return [not result.success for result in results.results]

    @cached_property
    def _batch(self) -> Any:
        """The whole database: each query names its table, and the library is long about every batch that it makes."""
        from sqlalchemy.pool import StaticPool

        context = great_expectations().get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        source = context.data_sources.add_sql(
            "warehouse",
            connection_string="duckdb:///:memory:",  # never opened: the connection that there is serves
            kwargs={
                "isolation_level": "AUTOCOMMIT",
                "skip_autocommit_rollback": True,
                "poolclass": StaticPool,
                "creator": self._connect,
            },
        )
        return source.add_query_asset("all", query="SELECT 1").add_batch_definition_whole_table("all").get_batch()

    def _connect(self) -> Any:
        from duckdb_sqlalchemy import ConnectionWrapper

        self._cursors.append(self._con.cursor())
        return ConnectionWrapper(self._cursors[-1])

    # --- what has failed ----------------------------------------------------------------------------------------

    def _column_outcome(
        self, table: str, rule: ColumnRule, is_suspect: bool, places: tuple[str, str] | None
    ) -> Outcome:
        query = _in_places(table, [rule], _rows_of(table, rule), places)
        count, examples = self._failing(table, query) if is_suspect else (0, [])
        sentence = {
            "not_null": "is not null",
            "unique": "is unique",
            "allowed": f"is one of {', '.join(rule.allowed)}",
        }[rule.kind]
        return Outcome(table, "contract", rule.kind, ", ".join(rule.columns), count == 0, count, examples, sentence)

    def _row_outcome(self, table: str, suite: str, rule: RowRule, is_broken: bool) -> Outcome:
        count, examples = self._failing(table, rule.query) if is_broken else (0, [])
        return Outcome(table, suite, rule.name, rule.column, not is_broken, count, examples, rule.sentence)

    def _failing(self, table: str, query: str) -> tuple[int, list[str]]:
        """How many rows a query finds, and the first keys of them."""
        query = _on(table, query)
        ((count,),) = self._con.execute(f"SELECT count(*) FROM ({query}) AS failing").fetchall()
        rows = self._con.execute(f"SELECT * FROM ({query}) AS failing LIMIT {_EXAMPLES}").fetchall()
        return count, list(dict.fromkeys("/".join(map(str, row)) for row in rows))


def _on(table: str, query: str) -> str:
    """A query about the rows of a table, where they are kept."""
    return query.format(batch=identifier(CHECKED_AS.get(table, table)))


def _in_places(table: str, rules: list[ColumnRule], query: str, places: tuple[str, str] | None) -> str:
    """A query about the rows of a table, about the new ones of them, or about all that may collide with these."""
    if places is None:
        return _on(table, query)
    new, every = places
    if rules[0].kind == "unique" and new != every:
        columns = ", ".join(map(identifier, rules[0].columns))
        new = f"(SELECT every.* FROM {every} AS every SEMI JOIN {new} AS new USING ({columns}))"
    return query.format(batch=new)


def _condition(rule: ColumnRule) -> str:
    column = identifier(rule.columns[0])
    if rule.kind == "not_null":
        return f"{column} IS NULL"
    values = ", ".join(map(literal, rule.allowed))
    return f"{column} NOT IN ({values})"


def _any_of(table: str, rules: list[ColumnRule]) -> str:
    """The query for rows that break any of the rules, which are one of uniqueness or several of one kind."""
    if rules[0].kind == "unique":
        columns = ", ".join(map(identifier, rules[0].columns))
        stated = " AND ".join(f"{identifier(column)} IS NOT NULL" for column in rules[0].columns)
        return f"SELECT {columns} FROM {{batch}} WHERE {stated} GROUP BY {columns} HAVING count(*) > 1"
    return f"SELECT {_keys(table)} FROM {{batch}} WHERE {' OR '.join(map(_condition, rules))}"


def _rows_of(table: str, rule: ColumnRule) -> str:
    """The query for every row that breaks one rule."""
    if rule.kind != "unique":
        return _any_of(table, [rule])
    columns = ", ".join(map(identifier, rule.columns))
    return f"SELECT {_keys(table)} FROM {{batch}} WHERE ({columns}) IN ({_any_of(table, [rule])})"


def _keys(table: str) -> str:
    return ", ".join(map(identifier, key_columns(table)))


@cache
def great_expectations() -> Any:
    """The library, imported without what it needs for charts and statistics, and without telling anybody."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    for name in _NOT_NEEDED:
        sys.modules.setdefault(name, _Later(name))
    library = importlib.import_module("great_expectations")
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    return library


class _Later(ModuleType):
    """Stands for a module until something of it is used, and imports it then."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


@cache
def _no_rows() -> Any:
    """An expectation that a query finds no rows. The library's own runs the query twice, to have the rows too."""
    pydantic = importlib.import_module("great_expectations.compatibility.pydantic")

    class ExpectNoRows(great_expectations().expectations.UnexpectedRowsExpectation):  # type: ignore[misc]
        metric_dependencies = ("unexpected_rows_query.row_count",)

        @pydantic.validator("unexpected_rows_query", allow_reuse=True)
        def _validate_query(cls, query: str) -> str:
            """The library's own prints a warning of every query that names its table itself."""
            return query

        def _validate(self, metrics: dict, *_: object, **__: object) -> dict:
            count = metrics["unexpected_rows_query.row_count"]
            return {"success": count == 0, "result": {"observed_value": count}}

    return ExpectNoRows


def _raise_if_not_computed(table: str, result: Any) -> None:
    info = result.exception_info or {}
    details = info if "raised_exception" in info else next(iter(info.values()), {})
    if details.get("raised_exception"):
        raise RuntimeError(f"An expectation on {table} could not be computed: {details.get('exception_message')}")
