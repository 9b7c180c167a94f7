"""Homes for scripts of the earlier system to work on: what is loaded into them, and what sessions show."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from forked import Forked
from sqlalchemy.orm import Session
from support import SAMPLE, World

from database import schemas
from database.schemas import CallSession, CallStatusUpdate, Customer, FileUpload, Loan, UploadRow
from orchestration.cli.run import run

# A script as users of the earlier system have them; `collect` writes, `report` reads.
SCRIPT = Path(__file__).parent / "data" / "earlier_script.py"
MODELS = (Customer, Loan, FileUpload, UploadRow, CallSession, CallStatusUpdate)
# What a branch sends: a customer with a national id, one who gets a new number, one with two loans, and two more.
BOOK = [
    {"name": "Asha Rao", "mobile": "98450 12345", "pan": "ABCXE1234F", "email": "asha@x.in", "loan_id": "B1",
     "amount": "5000", "due_date": "2026-03-10", "branch": "Hosa"},
    {"name": "Binu Thomas", "mobile": "9845099999", "loan_id": "B2", "amount": "700", "branch": "Hosa"},
    {"name": "Chitra Devi", "mobile": "9845077777", "loan_id": "B3", "amount": "900", "branch": "Hosa"},
    {"name": "Chitra Devi", "mobile": "9845077777", "loan_id": "B4", "amount": "0", "branch": "Hosa"},
    {"name": "Dev Anand", "mobile": "9845066666", "loan_id": "B5", "amount": "100", "branch": "Hosa"},
    {"name": "Esha Gupta", "mobile": "9845055555", "loan_id": "B6", "amount": "100", "branch": "Hosa"},
]  # fmt: skip
NEW_NUMBERS = [{"name": "Binu Thomas", "mobile": "9845088888", "loan_id": "B2", "amount": "650"}]
CALLS = """\
call_id,customer_phone,status,start_time,end_time,duration,loan_id,direction,call_metadata
b-1,9845012345,completed,2026-03-02 10:00:00,2026-03-02 10:00:50,50,B1,outbound-api,
b-2,9845012345,busy,2026-03-03 10:00:00,,,B1,,
b-3,9845012345,failed,2026-03-03 11:00:00,,,B1,,
b-4,9845012345,scheduled,,,,B1,,
b-5,9845077777,busy,2026-03-03 10:00:00,,,,,"{""agent_number"": ""80""}"
"""

Tables = dict[str, dict[uuid.UUID, dict[str, object]]]


@contextmanager
def at(home: Path) -> Iterator[None]:
    """The home that scripts work on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOANCALLS_HOME", str(home))
        patch.setenv("DAGSTER_HOME", "")  # a run sets it
        yield


def filled(root: Path, sample: bool = False) -> World:
    """A home filled from a small book with its calls, and from the sample files too if wanted, as a run does it.

    Only Dagster and the checks are left out.
    """
    world = World(root)
    if sample:
        for path in SAMPLE.glob("*.csv"):
            if path.name != "manifest.csv":
                world.put(path.name, path.read_bytes(), at="2026-03-09 04:00")
    world.put("book.csv", BOOK, at="2026-03-01 04:00")
    world.put("numbers.csv", NEW_NUMBERS, at="2026-03-02 04:00")
    world.put("calls.csv", CALLS, at="2026-03-04 04:00")
    world.settle()
    return world


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A home with files. Nothing is committed to it."""
    return filled(tmp_path_factory.mktemp("loaded") / "home")


@pytest.fixture
def session(loaded: World) -> Iterator[Session]:
    """A session on the home with files, rolled back at the end."""
    with at(loaded.home.root), schemas.get_session() as session:
        yield session
        session.rollback()


def rebuild(world: World) -> None:
    """A full run: everything after raw is made anew."""
    with at(world.home.root):
        assert run(world.home, world.settings, [], full=True).failures == []


def script(command: str, home: Path) -> str:
    """What the earlier system's script prints, in a process of its own."""
    environment = os.environ | {"LOANCALLS_HOME": str(home)}
    running = Forked(SCRIPT.read_text(encoding="utf-8"), environment, SCRIPT.parent, [SCRIPT.name, command])
    said, complaints = running.communicate()
    assert running.returncode == 0, complaints
    return said


def named(session: Session, name: str) -> Customer:
    """The one customer of this name."""
    return session.query(Customer).filter_by(name=name).one()


def tables() -> Tables:
    """Every row of the six tables, as a session shows it."""
    with schemas.get_session() as session:
        return {
            model.__tablename__: {
                row["id"]: dict(row) for row in session.execute(sa.select(model.__table__)).mappings()
            }
            for model in MODELS
        }


# What the earlier system's script must see of what it wrote, at once and ever after.
REPORT = {
    "customers": [
        ["Meena Pillai", "+918130012399", "EARLY-1", "2001.00", "2024-03-05", "hi-IN", "Kerala", 2],
        ["Suresh Nair", "+918130012302", "EARLY-2", "3001.50", "2024-03-06", "hi-IN", "Goa", 1],
    ],
    "upload": [3, 3, ["EARLY-1", "EARLY-2", "EARLY-3"]],
    "first": ["EARLY-CALL-2", 61, 61, "call_completed"],
    "said": [
        ["calling", None, None],
        ["call_in_progress", "said hello", {"lang": "ml-IN"}],
        ["call_completed", None, None],
    ],
    "transcript": "നമസ്കാരം",
    "campaign": "march",
    "triggered": ["march.csv", 2],
    "busy": ["EARLY-CALL-3"],
    "updates": 6,
    "old fingerprint": "Meena Pillai",
    "by phone": "Meena Pillai",
    "calls": [2, 1],
    "counts": {"total_calls": 1, "completed_calls": 1, "failed_calls": 0, "success_rate": 100.0},
}
