"""Run the suites against a working database. Great Expectations takes seconds to import, so it is imported late."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expectations.contract import CHECKED_AS, ColumnRule, RowRule, column_rules, key_columns, reference_rules
from expectations.identities import IDENTITIES

_EXAMPLES = 5


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


def check_contract(database: Path, table: str) -> list[Outcome]:
    """Hold a published table against its own contract: not null, unique, allowed values. See `_checking`."""
    with _checking(database) as (gx, batch_of):
        return _columns(gx, batch_of(table), table)


def check_together(database: Path, tables: list[str]) -> list[Outcome]:
    """Hold published tables against each other: references, and the identities between figures. See `_checking`."""
    with _checking(database) as (gx, batch_of):
        outcomes = []
        for table in tables:
            batch = batch_of(table)
            outcomes += _rows(gx, batch, table, "references", reference_rules(table))
            outcomes += _rows(gx, batch, table, "identities", IDENTITIES.get(table, []))
        return outcomes


@contextmanager
def _checking(database: Path) -> Iterator[tuple[Any, Callable[[str], Any]]]:
    """Great Expectations on `database`, opened read-only and closed: nobody may have it open for writing.

    Raises RuntimeError when an expectation could not be computed at all.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    from sqlalchemy.pool import StaticPool

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    # One connection kept to the end: this version closes a result with its connection, before reading it.
    source = context.data_sources.add_sql(
        "warehouse",
        connection_string=f"duckdb:///{database}?access_mode=READ_ONLY",
        kwargs={"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True, "poolclass": StaticPool},
    )
    engines = [source.get_engine()]

    def batch_of(table: str) -> Any:
        asset = source.add_table_asset(table, table_name=CHECKED_AS.get(table, table))
        batch = asset.add_batch_definition_whole_table("all").get_batch()
        engines.append(batch.data.execution_engine.engine)
        return batch

    try:
        yield gx, batch_of
    finally:
        for engine in engines:
            engine.dispose()


def _columns(gx: Any, batch: Any, table: str) -> list[Outcome]:
    rules = column_rules(table)
    suite = gx.ExpectationSuite(name=f"{table}_contract", expectations=[_expectation(gx, rule) for rule in rules])
    keys = key_columns(table)
    result_format = {
        "result_format": "SUMMARY",
        "unexpected_index_column_names": keys,
        "partial_unexpected_count": _EXAMPLES,
    }
    outcomes = []
    for rule, result in zip(rules, batch.validate(suite, result_format=result_format).results, strict=True):
        _raise_if_broken(table, result)
        found = result.result
        # A compound key's failing values are keys themselves; other values stay where they are.
        compound = found.get("partial_unexpected_list") if len(rule.columns) > 1 else None
        rows = found.get("partial_unexpected_index_list") or compound or []
        examples = list(dict.fromkeys(_key([row[key] for key in keys]) for row in rows[:_EXAMPLES]))
        sentence = {
            "not_null": "is not null",
            "unique": "is unique",
            "allowed": f"is one of {', '.join(rule.allowed)}",
        }[rule.kind]
        outcomes.append(
            Outcome(
                table,
                "contract",
                rule.kind,
                ", ".join(rule.columns),
                bool(result.success),
                int(found.get("unexpected_count") or 0),
                examples,
                sentence,
            )
        )
    return outcomes


def _expectation(gx: Any, rule: ColumnRule) -> Any:
    known = gx.expectations
    if rule.kind == "not_null":
        return known.ExpectColumnValuesToNotBeNull(column=rule.columns[0])
    if rule.kind == "allowed":
        return known.ExpectColumnValuesToBeInSet(column=rule.columns[0], value_set=list(rule.allowed))
    if len(rule.columns) > 1:
        return known.ExpectCompoundColumnsToBeUnique(column_list=list(rule.columns))
    return known.ExpectColumnValuesToBeUnique(column=rule.columns[0])


def _rows(gx: Any, batch: Any, table: str, suite_name: str, rules: list[RowRule]) -> list[Outcome]:
    if not rules:
        return []
    suite = gx.ExpectationSuite(
        name=f"{table}_{suite_name}_rows",
        expectations=[
            gx.expectations.UnexpectedRowsExpectation(unexpected_rows_query=rule.query, description=rule.sentence)
            for rule in rules
        ],
    )
    outcomes = []
    results = batch.validate(suite, result_format={"result_format": "COMPLETE"}).results
    for rule, result in zip(rules, results, strict=True):
        _raise_if_broken(table, result)
        rows = result.result["details"]["unexpected_rows"][:_EXAMPLES]
        examples = [_key(list(row.values())) for row in rows]
        count = int(result.result["observed_value"])
        outcomes.append(
            Outcome(
                table,
                suite_name,
                rule.name,
                rule.column,
                bool(result.success),
                count,
                examples,
                rule.sentence,
            )
        )
    return outcomes


def _key(values: list[Any]) -> str:
    return "/".join(str(value) for value in values)


def _raise_if_broken(table: str, result: Any) -> None:
    info = result.exception_info or {}
    details = info if "raised_exception" in info else next(iter(info.values()), {})
    if details.get("raised_exception"):
        raise RuntimeError(f"An expectation on {table} could not be computed: {details.get('exception_message')}")
