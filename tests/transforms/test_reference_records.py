"""Customers and loans that both files and records of ours state: the tables must say what the reference says.

Worlds are small and nasty. Ten of them share a home: their rows stand in the same uploads, and no phone, number or id
of one occurs in another.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import polars as pl
import pytest
from reference import Row, Upload, id_of
from reference_records import Ledger
from reference_worlds import DAY, LOAN_VALUES, OFFICES, finish, text_of
from support import World
from test_reference import agree

from models.fields import RECORD_FIELDS
from orchestration.store.hashing import hash_file
from orchestration.store.lake import upload_id_of
from orchestration.store.records import API, IMPORT, RecordFile, write_records

WORLDS = 10
WORDS = {"ready": "not_initiated", "ringing": "calling", "completed": "call_completed", "busy": "disconnected"}
TIMES = [None, *(DAY + timedelta(days=days, hours=hours) for days, hours in ((-40, 0), (-1, 5), (2, 1), (3, 7)))]
BORROWER_VALUES = {
    "full_name": [None, "Asha", "Ravi", "आशा"],
    "email": [None, "a@example.org", "b@example.org"],
    "state": [None, "Kerala", "Goa"],
    "language_code": [None, "kn-IN", "en-IN"],
    "do_not_call": [None, True, False],
    **dict.fromkeys(("last_contact_date", "first_uploaded_at", "created_at"), TIMES),
}


@dataclass
class Village:
    """A world: who may be met in it, and how much of that a row states."""

    number: int
    dice: random.Random
    phones: list[str] = field(default_factory=list)
    national_ids: list[str] = field(default_factory=list)
    loans: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        dice, number = self.dice, self.number
        self.phones = [f"+9198{number:02}00000{one}" for one in range(dice.randint(1, 4))]
        self.national_ids = [f"PANA{number:02}{one}777K" for one in range(dice.randint(0, 3))]
        self.loans = [f"L{number}-{one}" for one in range(dice.randint(1, 6))]
        self.people = [ours(f"customer {number} {one}") for one in range(dice.randint(1, 4))]
        self.accounts = [ours(f"loan {number} {one}") for one in range(dice.randint(1, 4))]
        self.reticence = dice.choice([0.2, 0.5, 0.8])
        self.has_contact = dice.random() < 0.3

    def maybe(self, things: list, share: float | None = None):
        """One of them, or nothing."""
        said = self.dice.random() >= (self.reticence if share is None else share)
        return self.dice.choice(things) if things and said else None


def ours(name: str) -> str:
    return str(uuid5(UUID(int=7), name))


def book(dice: random.Random, villages: list[Village], at: datetime) -> tuple[Upload, bytes]:
    columns = ["loan_id", *(name for name in ("phone", "national_id") if dice.random() < 0.85)]
    columns += dice.sample(list(LOAN_VALUES), dice.randint(1, len(LOAN_VALUES)))
    dice.shuffle(columns)
    rows = []
    for village in dice.sample(villages, len(villages)):
        for _ in range(dice.randint(0, 3)):
            fields = {name: dice.choice(values) for name, values in LOAN_VALUES.items()}
            fields["phone"] = village.maybe([*village.phones, *village.phones, OFFICES[0]])
            fields["national_id"] = village.maybe(village.national_ids)
            fields["loan_id"] = village.maybe(village.loans, 0.05)
            if village.has_contact and dice.random() < 0.1:
                fields["branch_contact_number"] = village.phones[0]
            fields = {name: fields.get(name) for name in columns}
            rows.append(Row(len(rows) + 2, fields, tuple(text_of(dice, name, fields[name]) for name in columns)))
    return finish(f"book{dice.randint(1, 3)}.csv", at, "loan_book", columns, rows)


def who(village: Village, books: list[Upload]) -> dict:
    """A customer by an id of ours, or by the id that comes from a row of a file, which may not be there (yet)."""
    if village.dice.random() < 0.65:
        return {"id": village.dice.choice(village.people), "row": None}
    places = [(book.sha256, row.line) for book in books for row in book.rows if row["loan_id"] in village.loans]
    if not places or village.dice.random() < 0.1:
        places = [("0" * 64, 2 + village.number)]
    sha256, line = village.dice.choice(places)
    row = id_of(f"row|{sha256}|{line}")
    return {"id": id_of(f"customer|{row}"), "row": row}


def customer(village: Village, books: list[Upload]) -> dict:
    dice, person = village.dice, who(village, books)
    phone = village.maybe([*village.phones, *village.phones, OFFICES[0], "call the shop"])
    word = dice.choice([None, None, *WORDS])
    return {name: dice.choice(values) for name, values in BORROWER_VALUES.items()} | {
        "entity_id": person["id"] if dice.random() < 0.97 else None,
        "customer_row": person["row"],
        "phone": phone if phone in [*village.phones, *OFFICES] else None,
        "phone_text": phone,
        "national_id": village.maybe(village.national_ids),
        "word": word,
        "call_status": WORDS.get(word),
    }


def loan(village: Village, books: list[Upload]) -> dict:
    dice, person = village.dice, who(village, books)
    strangers = [ours(f"stranger {village.number}"), None]
    fields = {name: dice.choice(LOAN_VALUES[name]) for name in RECORD_FIELDS["loan"] if name in LOAN_VALUES}
    fields |= {
        "entity_id": dice.choice(village.accounts) if dice.random() < 0.9 else None,
        "customer_id": person["id"],
        "customer_row": person["row"],
        "loan_id": village.maybe(village.loans, 0.03),
        "former_loan_id": village.maybe(village.loans, 0.8),
        "loan_status": dice.choice([None, None, "active", "closed"]),
        "created_at": dice.choice(TIMES),
    }
    if dice.random() < 0.1:
        fields |= {"customer_id": dice.choice(strangers), "customer_row": None}
    if dice.random() < 0.2:
        former = who(village, books)
        fields |= {"former_customer_id": former["id"], "former_customer_row": former["row"]}
    return fields


def records_file(
    world: World, dice: random.Random, villages: list[Village], kind: str, at: datetime, name: str, books: list[Upload]
) -> tuple[Upload, Callable[[], object]]:
    """An upload of records, and what puts it where a run takes it up."""
    rows = []
    for village in dice.sample(villages, len(villages)):
        for _ in range(dice.randint(0, 2)):
            fields = MAKERS[kind](village, books)
            rows.append(Row(len(rows) + 2, fields, ()))
    cells = [{name: text(value) for name, value in row.fields.items()} for row in rows]
    for row in cells:
        if kind == "customer":
            row |= {"phone": row["phone_text"], "call_status": row["word"]}
    schema = dict.fromkeys(("entity_id", *RECORD_FIELDS[kind]), pl.String)
    frame = pl.DataFrame([{name: row.get(name) for name in schema} for row in cells], schema=schema, orient="row")
    head = RecordFile(kind, dice.choice([API, IMPORT]), name, "tester", at)

    def write() -> Path | None:
        return write_records(world.home, head, [frame])

    path = write()
    sha256 = hash_file(path)
    path.unlink()
    return Upload(name, at, sha256, upload_id_of(sha256), kind, rows), write


def text(value) -> str | None:
    """A value as records state it."""
    return value if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def draw(seed: int, world: World, all_kinds: bool = False) -> tuple[list[Upload], list[Callable[[], object]]]:
    """Uploads of ten worlds, and for each what sends it; records of all kinds, if wanted."""
    dice = random.Random(seed)
    villages = [Village(number, random.Random(f"{seed} {number}")) for number in range(WORLDS)]
    times = [DAY + timedelta(days=day, milliseconds=dice.choice([0, 500])) for day in (0, 0, 1, 2, 3, 4)]
    uploads: dict[str, Upload] = {}
    send = []
    for _ in range(dice.randint(2, 4)):
        upload, content = book(dice, villages, dice.choice(times))
        if upload.sha256 not in uploads:
            uploads[upload.sha256] = upload
            send.append(lambda name=upload.name, c=content, at=upload.at: world.put(name, c, at=at.isoformat(sep=" ")))
    books = list(uploads.values())
    kinds = dice.choices(["customer", "loan"], k=dice.randint(4, 7))
    kinds += [*MAKERS, "call"] if all_kinds else []
    for number, kind in enumerate(kinds):
        at = dice.choice(times)
        upload, write = records_file(world, dice, villages, kind, at, f"ours-{number}.{kind}.jsonl", books)
        uploads[upload.sha256] = upload
        send.append(write)
    return list(uploads.values()), send


def in_parts(dice: random.Random, things: list) -> Iterator[list]:
    """The things in another order, in one part or two."""
    mixed = dice.sample(things, len(things))
    cut = dice.choice([0, dice.randint(1, len(mixed))])
    yield from filter(None, (mixed[:cut], mixed[cut:]))


def check(seed: int, new_world: Callable[..., World]) -> None:
    world = new_world()
    uploads, send = draw(seed, world)
    for part in in_parts(random.Random(seed), send):
        for one in part:
            one()
        world.ingest()
        world.build_for("customers", "loans")
    ledger = Ledger(uploads)
    told = {str(row["id"]): row for row in world.records("SELECT * FROM customers")}
    for row in told.values():
        row["fingerprint"] = str(row["fingerprint"])
    agree(seed, "customers", ledger.customers, told)
    assert len({row["fingerprint"] for row in told.values()}) == world.value("SELECT count(*) FROM customers")
    told = {row["loan_key"]: row for row in world.records("SELECT * FROM loans")}
    for row in told.values():
        row |= {"id": str(row["id"]), "customer_id": str(row["customer_id"])}
    agree(seed, "loans", ledger.loans, told)
    assert len({row["id"] for row in told.values()}) == world.value("SELECT count(*) FROM loans")
    nobody = {(row.upload.sha256, row.line) for row in ledger.rows if row.broken}
    found = world.rows(
        "SELECT u.sha256, r.line_number FROM _stg_loan_rows AS r JOIN _stg_uploads AS u ON u.upload_id = r.upload_id "
        "LEFT JOIN _row_customers AS c ON c.row_id = r.row_id WHERE c.customer_id IS NULL"
    )
    assert set(found) == nobody


@pytest.mark.parametrize("seed", range(6))
def test_customers_and_loans_are_what_the_reference_says(seed: int, new_world: Callable[..., World]) -> None:
    check(seed, new_world)


# --- what may not matter ------------------------------------------------------------------------------------------

TABLES = (
    *("customers", "loans", "loan_snapshots", "file_uploads", "_upload_row_outcomes", "former_fingerprints"),
    *("call_sessions", "call_status_updates", "customer_journey"),
)
ALL_WORDS = [None, *WORDS, "failed", "in-progress", "levitating"]


def call(village: Village, books: list[Upload]) -> dict:
    dice, person = village.dice, who(village, books)
    row = id_of(f"row|{dice.choice(books).sha256}|{dice.randint(2, 30)}")
    return {
        "entity_id": ours(f"call {village.number} {dice.randint(1, 4)}"),
        "call_sid": dice.choice([None, *(f"sid{village.number}-{one}" for one in range(3))]),
        "status": dice.choice(ALL_WORDS),
        "customer_id": dice.choice([None, person["id"]]),
        "customer_row": person["row"],
        "loan_ref": dice.choice([None, *village.accounts]),
        "loan_id": village.maybe(village.loans),
        "triggering_row": dice.choice([None, None, row, ours(f"row {village.number} 1")]),
        "triggering_upload": dice.choice([None, None, ours(f"upload {village.number} {dice.randint(1, 3)}")]),
        "to_number": village.maybe(village.phones),
        "initiated_at": dice.choice(TIMES),
        "updated_at": dice.choice(TIMES),
        "call_metadata": dice.choice([None, '{"a": 1}']),
    }


def status(village: Village, books: list[Upload]) -> dict:
    dice = village.dice
    return {
        "entity_id": ours(f"status {village.number} {dice.randint(1, 9)}"),
        "call_ref": ours(f"call {village.number} {dice.randint(1, 5)}"),
        "status": dice.choice(ALL_WORDS),
        "updated_at": dice.choice(TIMES),
        "message": dice.choice([None, "said hello"]),
    }


def file_upload(village: Village, books: list[Upload]) -> dict:
    dice = village.dice
    return {
        "entity_id": ours(f"upload {village.number} {dice.randint(1, 2)}"),
        "filename": dice.choice([None, "march.csv", books[0].name]),
        "status": dice.choice([None, "processing", "done", "failed"]),
        "total_records": dice.choice([None, "0", "3", "many"]),
        "failed_records": dice.choice([None, "1"]),
        "uploaded_at": dice.choice(TIMES),
    }


def upload_row(village: Village, books: list[Upload]) -> dict:
    dice, person = village.dice, who(village, books)
    return {
        "entity_id": ours(f"row {village.number} {dice.randint(1, 5)}"),
        "file_upload_id": ours(f"upload {village.number} {dice.randint(1, 3)}"),
        "stated_line_number": dice.choice([None, "2", "3"]),
        "match_customer_id": dice.choice([None, person["id"]]),
        "customer_row": person["row"],
        "match_loan_id": dice.choice([None, *village.accounts]),
        "match_method": dice.choice([None, "phone", "guessed"]),
        "status": dice.choice([None, "pending", "created", "duplicate", "error"]),
        "error": dice.choice([None, "was not to be read"]),
    }


MAKERS = {
    **{"customer": customer, "loan": loan, "call": call, "status": status},
    **{"file_upload": file_upload, "upload_row": upload_row},
}


def tables_of(world: World) -> dict[str, pl.DataFrame]:
    return world.tables(TABLES)


@pytest.mark.parametrize("seed", [0, 2])
def test_order_split_and_rebuilding_do_not_matter(seed: int, new_world: Callable[..., World]) -> None:
    together, apart = new_world(), new_world()
    told = []
    for world in (together, apart):
        _, send = draw(seed, world, all_kinds=True)
        told.append(send)
    for one in told[0]:
        one()
    together.ingest()
    together.build_for(*TABLES)
    expected = tables_of(together)
    for part in in_parts(random.Random(seed), told[1]):
        for one in part:
            one()
        apart.ingest()
        apart.build_for(*TABLES)
    for table, found in tables_of(apart).items():
        assert found.equals(expected[table]), f"{table} differs, loaded in parts and in another order"
    apart.home.warehouse.unlink()
    apart.build_for(*TABLES)
    for table, found in tables_of(apart).items():
        assert found.equals(expected[table]), f"{table} differs, built from the lake alone"
    assert all(frame.height for frame in expected.values())
