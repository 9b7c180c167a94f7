"""The transforms as files: what a `.sql` file says of itself, which tables it reads, where its columns come from."""

import re
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from graphlib import TopologicalSorter
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

import transforms
from orchestration.errors import LoancallsError

ROOT = Path(transforms.__file__).parent
# The folders, in the order of the data: a table reads tables of its own folder and of those before it. Each is a group
# in Dagster.
FOLDERS = (
    *("staging/files", "staging/records", "core/records", "core/identity", "core/loans", "core/calls"),
    *("core/customers", "core/uploads", "marts"),
)
STEPS = "core/identity/steps"
LAKE = "lake"
SETTINGS = "settings"
# A file may say these of itself, each on one line or continued by indented ones.
_HEADINGS = ("Grain", "Meaning", "Incremental", "Connected components of", "View", "Step", "Replace by")
# What `Replace by` may say: the column and what it identifies, or how a table comes to be that is of all rows.
KEYS = ("row", "statement", "loan", "loan id", "customer", "person", "call", "call id")
WHOLE, LOOKUP = "whole", "lookup"


@dataclass(frozen=True)
class Transform:
    """One `.sql` file. `upstream` are the tables it reads: plain names, or `lake.<view>` for raw."""

    name: str
    folder: str
    sql: str
    upstream: tuple[str, ...]
    grain: str
    meaning: str
    incremental: bool
    is_view: bool
    is_step: bool  # a view that is a part of the tables that read it, without an asset of its own
    links: str | None  # the table of the links whose connected components this one names
    replaced_by: str | None  # the column by whose values the touched part of the rows is replaced
    identifies: str | None  # what that column identifies (KEYS); or how a table comes to be that is of all rows

    @cached_property
    def column_sources(self) -> dict[str, list[tuple[str, str]]]:
        """For each column the (table, column) pairs that its values come from, as far as the SQL says."""
        return _column_sources(self.sql)

    @property
    def is_kept(self) -> bool:
        """Whether a run that builds a part has all rows of the table; others are made of the touched part alone."""
        return self.incremental or self.identifies is not None

    @property
    def is_looked_up(self) -> bool:
        """Whether it is made of all rows before anything else is."""
        return self.identifies == LOOKUP

    @property
    def layer(self) -> str:
        """The first folder: staging, core or marts."""
        return self.folder.split("/")[0]

    @property
    def group(self) -> str:
        """The folder as the name of a group in Dagster."""
        return self.folder.replace("/", "_")

    @property
    def tables(self) -> tuple[str, ...]:
        """The upstream transforms, without raw and settings."""
        return tuple(name for name in self.upstream if not name.startswith(LAKE + ".") and name != SETTINGS)


@cache
def load_transforms(root: Path = ROOT) -> dict[str, Transform]:
    """Every transform below `root`, in an order in which they can be built. Raises LoancallsError with the file."""
    found: dict[str, Transform] = {}
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*.sql")):
            if path.stem in found:
                raise LoancallsError(
                    f"{path}: a table named {path.stem} exists already; tables need names of their own."
                )
            found[path.stem] = _parse(path, folder)
    for transform in found.values():
        for table in transform.tables:
            if table not in found:
                raise LoancallsError(f"{transform.folder}/{transform.name}.sql reads {table}, which no file makes.")
            if FOLDERS.index(found[table].folder) > FOLDERS.index(transform.folder):
                raise LoancallsError(
                    f"{transform.folder}/{transform.name}.sql reads {table} of {found[table].folder}, which comes "
                    "after it; move one of the two files."
                )
    order = TopologicalSorter({name: sorted(transform.tables) for name, transform in sorted(found.items())})
    return {name: found[name] for name in order.static_order()}


@cache
def steps_of(name: str) -> tuple[Transform, ...]:
    """The steps that a table is made by, in an order in which they can be made."""
    known = load_transforms()
    wanted, todo = set(), [*known[name].tables]
    while todo:
        table = todo.pop()
        if known[table].is_step and table not in wanted:
            wanted.add(table)
            todo += known[table].tables
    return tuple(transform for transform in known.values() if transform.name in wanted)


@cache
def inputs_of(name: str) -> tuple[str, ...]:
    """What a table is made from that is there before it: raw, settings and tables; a step stands for what it reads."""
    known = load_transforms()
    read = {table for transform in (known[name], *steps_of(name)) for table in transform.upstream}
    return tuple(sorted(table for table in read if table not in known or not known[table].is_step))


def column_inputs(transform: Transform, column: str) -> list[tuple[str, str]]:
    """The (table, column) pairs that a column's values come from, followed through steps."""
    known = load_transforms()
    found: dict[tuple[str, str], None] = {}
    for table, source in transform.column_sources.get(column, []):
        if table in known and known[table].is_step:
            found |= dict.fromkeys(column_inputs(known[table], source))
        else:
            found[table, source] = None
    return sorted(found)


@cache
def identity_steps(root: Path = ROOT) -> tuple[str, str]:
    """The two SELECTs of a round: hook and jump."""
    steps = root / STEPS
    return (steps / "hook.sql").read_text(encoding="utf-8"), (steps / "jump.sql").read_text(encoding="utf-8")


def tables_read(sql: str) -> set[str]:
    """The tables a SELECT reads, from the parsed SQL: names of CTEs are not among them."""
    return {
        _table_name(source)
        for scope in _scopes(sql)
        for source in scope.sources.values()
        if isinstance(source, exp.Table)
    }


def _parse(path: Path, folder: str) -> Transform:
    sql = path.read_text(encoding="utf-8")
    headings = _headings(sql)
    for heading in ("Grain", "Meaning"):
        if heading not in headings:
            raise LoancallsError(f"{path}: the first lines must say '-- {heading}: ...'.")
    replaced = re.fullmatch(r"(\w+)(?: \(([\w ]+)\))?", headings.get("Replace by", WHOLE))
    if replaced is None or (replaced[2] or replaced[1]) not in (*KEYS, WHOLE, LOOKUP):
        raise LoancallsError(
            f"{path}: '-- Replace by:' names a column and what it identifies ({', '.join(KEYS)}), {WHOLE} or {LOOKUP}."
        )
    is_view = "View" in headings or "Step" in headings
    # A mart that says nothing is made of all rows, which is right for any.
    says = "Replace by" in headings or (folder == "marts" and not is_view)
    try:
        upstream = tables_read(sql)
    except sqlglot.errors.SqlglotError as error:
        raise LoancallsError(f"{path} is not one SELECT that can be parsed: {error}") from None
    return Transform(
        name=path.stem,
        folder=folder,
        sql=sql,
        upstream=tuple(sorted(upstream)),
        grain=headings["Grain"].rstrip("."),
        meaning=headings["Meaning"],
        incremental="Incremental" in headings,
        is_view=is_view,
        is_step="Step" in headings,
        links=headings.get("Connected components of"),
        replaced_by=replaced[1] if replaced[2] else None,
        identifies=(replaced[2] or replaced[1]) if says else None,
    )


def _headings(sql: str) -> dict[str, str]:
    headings: dict[str, str] = {}
    current = None
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        text = line[2:]
        match = re.match(r" ([\w ]+): (.*)", text)
        if match and match.group(1) in _HEADINGS:
            current = match.group(1)
            headings[current] = match.group(2).strip()
        elif current:
            headings[current] += " " + text.strip()
    return headings


@lru_cache(maxsize=256)
def _scopes(sql: str) -> list[Scope]:
    """Every SELECT of a query with what it can see, inner ones first."""
    return traverse_scope(sqlglot.parse_one(sql, dialect="duckdb"))


def _column_sources(sql: str) -> dict[str, list[tuple[str, str]]]:
    """Follow every output column through CTEs to the tables it is read from. One pass; a star stays a star."""
    resolved: dict[int, dict[str, set[tuple[str, str]]]] = {}
    scope = None
    for scope in _scopes(sql):
        resolved[id(scope)] = _scope_columns(scope, resolved)
    columns = resolved[id(scope)] if scope is not None else {}
    return {name: sorted(found) for name, found in columns.items()}


def _scope_columns(scope: Scope, resolved: dict) -> dict[str, set[tuple[str, str]]]:
    if scope.set_operation_scopes:
        left, right = (resolved[id(part)] for part in scope.set_operation_scopes)
        names = zip(left, list(right) + [None] * len(left), strict=False)
        return {name: left[name] | right.get(other, set()) for name, other in names}
    # Only what FROM and JOIN name: a scope also knows every CTE that it could read.
    sources = {alias: source for alias, (_, source) in scope.selected_sources.items()}

    def of(alias: str, column: str) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for source in [sources[alias]] if alias in sources else sources.values():
            if not isinstance(source, exp.Table):
                inner = resolved.get(id(source), {})
                # A column that came through a star has the star's tables for its source.
                certain = bool(alias) or len(sources) == 1
                found |= inner.get(column, {(table, column) for table, _ in inner.get("*", set()) if certain})
            elif alias or len(sources) == 1:
                found.add((_table_name(source), column))
        return found

    columns: dict[str, set[tuple[str, str]]] = {}
    for select in scope.expression.expressions:
        if isinstance(select, exp.Star) or isinstance(select.this, exp.Star):
            alias = select.table if isinstance(select, exp.Column) else ""
            for source in [sources[alias]] if alias in sources else sources.values():
                if isinstance(source, exp.Table):
                    columns.setdefault("*", set()).add((_table_name(source), "*"))
                else:
                    for name, found in resolved.get(id(source), {}).items():
                        columns.setdefault(name, set()).update(found)
            continue
        found = set()
        for column in select.find_all(exp.Column):
            found |= of(column.table, column.name)
        columns.setdefault(select.alias_or_name, set()).update(found)
    return columns


def _table_name(table: exp.Table) -> str:
    return f"{table.db}.{table.name}" if table.db else table.name
