"""What the tables were made from: which of them are stale or unchecked, and whether there is anything to do at all.

A table's token is a hash of everything it was made from: its SQL, the macros, the settings and its upstream tokens. The
tokens of a warehouse say whether its tables belong together, and which of them have passed their checks.
"""

import json
from functools import cache, cached_property
from pathlib import Path

import duckdb

import expectations
import models
import transforms
from models.macros import macros
from orchestration.settings import Settings
from orchestration.store.atomic import logs
from orchestration.store.hashing import digest
from orchestration.store.home import Home
from orchestration.store.lake import Lake
from orchestration.store.session_copy import file_stamp
from orchestration.warehouse.contract import published_tables
from orchestration.warehouse.pii_key import pii_key
from orchestration.warehouse.transforms import Transform, identity_steps, load_transforms

_AUDIT = "(audit)"
# Another one lets a database of an earlier version have the tables of `meta` that it lacks.
_LAYOUT = "3"


def settings_key(settings: Settings) -> str:
    """What transforms can see of the settings."""
    return json.dumps(settings.sql_row(), sort_keys=True)


class Fingerprints:
    """The tokens of one warehouse, over the lake as it was when it was opened."""

    def __init__(self, con: duckdb.DuckDBPyConnection, lake: Lake, settings: Settings):
        self._con, self._lake = con, lake
        self._shared = digest(macros(), settings_key(settings))
        self._raw = digest(self._shared, lake.state())
        self._withdrawn = lake.withdrawn()

    @property
    def raw(self) -> str:
        """The token of what the lake holds, and of what every table is made with."""
        return digest(self._raw, str(self._lake.root), _LAYOUT)

    @cached_property
    def expected(self) -> dict[str, str]:
        """The token that each table would have if it were built now."""
        tokens: dict[str, str] = {}
        for name, transform in load_transforms().items():
            tokens[name] = digest(self._raw, _sql_of(transform), *(tokens[table] for table in transform.tables))
        return tokens

    def staging(self, transform: Transform) -> dict[str, tuple[str, str]]:
        """For each upload that stands its sha256 and the token of what it would be staged from."""
        known = load_transforms()
        sql = "".join(_sql_of(known[name]) for name in _closure(transform))
        rows = self._con.execute("SELECT CAST(upload_id AS VARCHAR), sha256 FROM lake.uploads").fetchall()
        return {
            upload: (sha, digest(sql, self._shared, self._lake.stamp(sha)))
            for upload, sha in rows
            if sha not in self._withdrawn
        }

    def note_built(self, table: str) -> None:
        """Note that the table was built from what is there now; neither it nor the whole has been checked since."""
        self._con.execute("DELETE FROM meta.tables WHERE name IN (?, ?)", [table, _AUDIT])
        self._con.execute("DROP TABLE IF EXISTS meta.published")
        self._con.execute("INSERT INTO meta.tables VALUES (?, ?, NULL)", [table, self.expected[table]])

    def note_all(self, there: set[str], checked: set[str]) -> None:
        """Note that these tables and no others are there, of what there is now, and which have passed their checks."""
        names = [name for name in self.expected if name in there]
        tokens = [self.expected[name] for name in names]
        passed = [self.expected[name] if name in checked else None for name in names]
        self._con.execute("DELETE FROM meta.tables; DROP TABLE IF EXISTS meta.published")
        self._con.execute(
            "INSERT INTO meta.tables SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
            [names, tokens, passed],
        )

    @cached_property
    def _made_with(self) -> str:
        return digest(self._shared, _code())

    def is_complete(self) -> bool:
        """Whether all that is kept is there, of one state of the lake, as it is made now."""
        try:
            return self._con.execute("SELECT token FROM meta.complete").fetchall() == [(self._made_with,)]
        except duckdb.CatalogException:
            return False

    def are_checked(self) -> bool:
        """Whether every published table, as it is now, has passed its own checks."""
        stored = self._stored()
        return all(stored.get(table, ("", None))[1] == stored.get(table, ("", None))[0] for table in published_tables())

    def note_complete(self) -> None:
        """Note that every table was built, of what there is now, and checked."""
        self._con.execute("CREATE OR REPLACE TABLE meta.complete AS SELECT ? AS token", [self._made_with])

    def forget_complete(self) -> None:
        """Note that tables are about to be built anew, which may not belong together yet, nor be what is published."""
        self._con.execute("DROP TABLE IF EXISTS meta.complete; DROP TABLE IF EXISTS meta.published_file")

    def mark_checked(self, table: str) -> None:
        """Note that the table, as it is now, has passed its own checks."""
        self._con.execute("UPDATE meta.tables SET checked_token = token WHERE name = ?", [table])

    def mark_audited(self) -> None:
        """Note that the published tables, as they are now, have passed the checks between them."""
        self._con.execute("DELETE FROM meta.tables WHERE name = ?", [_AUDIT])
        token = self._audit_token()
        self._con.execute("INSERT INTO meta.tables VALUES (?, ?, ?)", [_AUDIT, token, token])

    def unfit(self) -> dict[str, str]:
        """The published tables that must not be published, and why."""
        stored = self._stored()
        reasons = {}
        for table in published_tables():
            token, checked = stored.get(table, (None, None))
            if token is None:
                reasons[table] = "has not been built"
            elif token != self.expected[table]:
                reasons[table] = "was built from older tables or files"
            elif checked != token:
                reasons[table] = "has not passed its checks"
        if not reasons and stored.get(_AUDIT, ("", ""))[1] != self._audit_token():
            reasons["the audit"] = "has not passed"
        return reasons

    def _stored(self) -> dict[str, tuple[str, str | None]]:
        rows = self._con.execute("SELECT name, token, checked_token FROM meta.tables").fetchall()
        return {name: (token, checked) for name, token, checked in rows}

    def _audit_token(self) -> str:
        stored = self._stored()
        return digest(*(stored.get(table, ("", None))[0] for table in published_tables()))


def publishing_of(home: Home, settings: Settings) -> str:
    """A hash of how tables are published: what is masked, with which key, and by which code."""
    key = pii_key(home, settings) if settings.pii == "masked" else b""
    return digest(settings.pii, digest(key.decode("utf-8", "surrogateescape")), _code())


def state_of(home: Home, settings: Settings) -> str:
    """A hash of all that a published file depends on: what the lake holds, the settings, and our own code."""
    return digest(settings_key(settings), publishing_of(home, settings), str(home.root), Lake(home).state())


def note_published(con: duckdb.DuckDBPyConnection, state: str, stamp: str) -> None:
    """Note in the warehouse which file is about to be published, and from what."""
    con.execute("CREATE OR REPLACE TABLE meta.published AS SELECT ? AS state, ? AS stamp", [state, stamp])


def is_up_to_date(con: duckdb.DuckDBPyConnection, home: Home, settings: Settings) -> bool:
    """Whether the published file is the one that this warehouse gave, from all that there is now."""
    try:
        found = con.execute("SELECT state, stamp FROM meta.published").fetchall()
        if home.session_copy.exists() and home.session_copy.stat().st_mtime_ns < home.warehouse.stat().st_mtime_ns:
            return False
        return not logs(home.analytics) and found == [(state_of(home, settings), file_stamp(home.analytics))]
    except (duckdb.CatalogException, OSError):
        return False


@cache
def _code() -> str:
    """A hash of the code that tables, checks and the published file are made by."""
    packages = [Path(package.__file__ or "").parent for package in (models, transforms, expectations)]
    files = [
        path
        for folder in (*packages, Path(__file__).parent)
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".py", ".sql")
    ]
    return digest(*(path.name + digest(path.read_text(encoding="utf-8")) for path in files))


def _sql_of(transform: Transform) -> str:
    return transform.sql + ("".join(identity_steps()) if transform.links else "")


def _closure(transform: Transform) -> list[str]:
    """The transform and all that it is made from, by name."""
    known = load_transforms()
    names, todo = [], [transform.name]
    while todo:
        name = todo.pop()
        if name not in names:
            names.append(name)
            todo += known[name].tables
    return sorted(names)
