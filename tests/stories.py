"""Stories of what records of ours and files state: each tells its own, and sees what has become of it.

A story is a generator: it states records and sends files, yields, and goes on when a home has been built from what all
stories of a module have stated. No phone, number or id of one story occurs in another.
"""

import hashlib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import polars as pl
import pytest
from support import World, check_contract, check_together, csv_bytes

from models.fields import RECORD_FIELDS
from models.published import published_tables
from orchestration.store.hashing import hash_file
from orchestration.store.lake import upload_id_of
from orchestration.store.records import API, RecordFile, write_records

DAY = datetime(2026, 3, 1, 4)
Record = Mapping[str, str | None]


def ours(name: str) -> str:
    """An id of ours."""
    return str(uuid5(UUID(int=11), name))


def id_of(text: str) -> str:
    return str(UUID(hashlib.md5(text.encode()).hexdigest()))


def row_id(sha256: str, line: int) -> str:
    return id_of(f"row|{sha256}|{line}")


def frame(kind: str, records: Sequence[Record]) -> pl.DataFrame:
    schema = dict.fromkeys(("entity_id", *RECORD_FIELDS[kind]), pl.String)
    for record in records:
        assert record.keys() <= schema.keys(), record.keys() - schema.keys()
    return pl.DataFrame([{name: record.get(name) for name in schema} for record in records], schema, orient="row")


def state(
    world: World, kind: str, *records: Record, name: str = "api-1-1", at: datetime = DAY, source: str = API
) -> str:
    """Write a record file; its sha256."""
    head = RecordFile(kind, source, f"{name}.{kind}.jsonl", "asha", at)
    path = write_records(world.home, head, [frame(kind, records)])
    assert path is not None
    return hash_file(path)


@dataclass
class Teller:
    """What a story says, a day after the other, and what it hears: rows with ids as text."""

    world: World
    number: int
    days: int = 0

    def state(self, kind: str, *records: Record, at: datetime | None = None, source: str = API) -> str:
        self.days += 1
        at = at or DAY + timedelta(days=self.days)
        return state(self.world, kind, *records, name=f"api-{self.number}-{self.days}", at=at, source=source)

    def send(self, *rows: Mapping[str, object], at: datetime | None = None) -> str:
        """A file that somebody sends; its sha256."""
        self.days += 1
        at = at or DAY + timedelta(days=self.days)
        self.world.put(f"file-{self.number}-{self.days}.csv", rows, at.isoformat(sep=" "))
        return hashlib.sha256(csv_bytes(rows)).hexdigest()

    def phone(self, which: int = 1) -> str:
        return f"+9198{self.number:04}{which:04}"

    def loan(self, which: int = 1) -> str:
        return f"LN{self.number}-{which}"

    def sid(self, which: int = 1) -> str:
        return f"sid{self.number}-{which}"

    def pan(self, which: int = 1) -> str:
        return f"PANC{self.number:03}{which}Z"

    def id(self, name: str) -> str:
        return ours(f"{self.number} {name}")

    def see(self, sql: str, *values: str) -> list[dict]:
        found = self.world.records(sql.replace("?", "'{}'").format(*values))
        return [{name: str(cell) if isinstance(cell, UUID) else cell for name, cell in row.items()} for row in found]

    def one(self, sql: str, *values: str) -> dict:
        (found,) = self.see(sql, *values)
        return found

    def customer(self, entity: str) -> dict:
        return self.one("SELECT * FROM customers WHERE id = ?", entity)

    def lent(self, which: int = 1) -> dict:
        return self.one("SELECT * FROM loans WHERE loan_id = ?", self.loan(which))

    def owners(self, *loans: int) -> list[str]:
        return [self.lent(which)["customer_id"] for which in loans]

    def called(self, which: int = 1) -> dict:
        return self.one("SELECT * FROM call_sessions WHERE call_sid = ?", self.sid(which))

    def outcomes(self, sha256: str) -> list[str]:
        """Of each row of an upload its status, and the code of what was wrong."""
        rows = self.see(
            "SELECT * FROM _upload_row_outcomes WHERE file_upload_id = ? ORDER BY line_number", upload_id_of(sha256)
        )
        return [" ".join([row["status"], *((row["error"] or "").split(":")[:1])]).strip() for row in rows]

    def how(self, sha256: str) -> list[str]:
        """Of each row of an upload how it was matched."""
        sql = "SELECT match_method FROM _upload_row_outcomes WHERE file_upload_id = ? ORDER BY line_number"
        return [row["match_method"] for row in self.see(sql, upload_id_of(sha256))]


Story = Callable[[Teller], Generator[None, None, None]]


class Stories(dict[str, Story]):
    """The stories of a module by name; it is the decorator that makes a function one of them."""

    def __call__(self, tell: Story) -> Story:
        self[tell.__name__.replace("_", " ")] = tell
        return tell


class Told:
    """Stories, told up to where they look at the home that was built from them."""

    def __init__(self, stories: Stories, world: World):
        self.world = world
        self.begun = {name: tell(Teller(world, number)) for number, (name, tell) in enumerate(stories.items(), 1)}
        for stated in self.begun.values():
            next(stated)
        world.load()

    def end(self, name: str) -> None:
        """Let a story look at what has become of what it stated."""
        assert next(self.begun[name], "the end") == "the end"

    def complaints(self) -> list[str]:
        """What keeps the home from being published."""
        outcomes = [found for table in published_tables() for found in check_contract(self.world.home.warehouse, table)]
        outcomes += check_together(self.world.home.warehouse, list(published_tables()))
        return [str(outcome) for outcome in outcomes if not outcome.passed]


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The `STORIES` of the module that asks."""
    return Told(request.module.STORIES, World(tmp_path_factory.mktemp("stories") / "home"))
