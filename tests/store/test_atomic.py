"""Replacing files: whole, private, on the disk before anything that they stand for is forgotten."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from support import World

from models.fields import CUSTOMER, RECORD_FIELDS
from orchestration.store import journal
from orchestration.store.atomic import make_folder, replacing
from orchestration.store.records import RecordFile, waiting, write_records

BOOK = b"loan_id,phone,name\nL1,9845012345,Asha\nTotal,,\n"
ID = "b37a1c11-1111-4111-8111-111111111111"
DAY = datetime(2026, 3, 1)


def test_a_file_is_replaced_whole_or_stays(tmp_path: Path) -> None:
    final = tmp_path / "to" / "file"
    with replacing(final, tmp_path) as new:
        new.write_text("first", encoding="utf-8")
    with pytest.raises(RuntimeError), replacing(final, tmp_path) as new:
        new.write_text("sec", encoding="utf-8")
        raise RuntimeError
    assert final.read_text(encoding="utf-8") == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["to"], "nothing is left aside"


@pytest.mark.parametrize(("mode", "umask"), [(0o600, 0), (0o400, 0), (0o444, 0o077)])
def test_modes_are_as_said_whatever_the_umask(tmp_path: Path, mode: int, umask: int) -> None:
    before = os.umask(umask)
    try:
        with replacing(tmp_path / "to" / "file", tmp_path, mode) as new:
            new.touch()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "to" / "file").stat().st_mode) == mode
    assert stat.S_IMODE((tmp_path / "to").stat().st_mode) == 0o700


# --- what a power cut at any moment would leave ---------------------------------------------------------------------


class Disk:
    """Sees every sync, rename and removal of a home's files in their order, and what is not on the disk yet."""

    def __init__(self, home: Path):
        self.home = home
        self.unsynced: set[str] = set()  # files whose name is there and may be lost
        self.synced: set[str] = set()  # files whose bytes are on the disk
        self.forgotten: list[str] = []
        self.mistakes: list[str] = []

    def fsync(self, path: str) -> None:
        if os.path.isdir(path):
            self.unsynced = {name for name in self.unsynced if os.path.dirname(name) != path}
        else:
            self.synced.add(path)

    def rename(self, source: str, target: str) -> None:
        if source.endswith(".cache"):
            return
        if source not in self.synced:
            self.mistakes.append(f"{target} is renamed before its bytes are on the disk")
        if target.endswith("journal/open.jsonl"):
            self.forget(target)
        self.unsynced.add(target)

    def forget(self, path: str) -> None:
        if not path.startswith(str(self.home)) or "/.staging/" in path or not os.path.exists(path):
            return
        self.forgotten.append(os.path.relpath(path, self.home))
        if self.unsynced:
            self.mistakes.append(f"{path} is forgotten before {sorted(self.unsynced)} is on the disk")


@contextmanager
def disk(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    seen = Disk(home)
    fsync, replace, unlink = os.fsync, os.replace, os.unlink

    def spy(real: Callable, note: Callable) -> Callable:
        def call(*args: object, **options: object) -> None:
            if isinstance(args[0], int):
                note(os.readlink(f"/proc/self/fd/{args[0]}"))
            elif "dir_fd" not in options or options["dir_fd"] is None:
                note(*map(os.fspath, args))
            real(*args, **options)

        return call

    monkeypatch.setattr(os, "fsync", spy(fsync, seen.fsync))
    monkeypatch.setattr(os, "replace", spy(replace, seen.rename))
    monkeypatch.setattr(os, "unlink", spy(unlink, seen.forget))
    yield seen
    monkeypatch.undo()


def prepare(world: World) -> None:
    """Everything that a run may find: a file of people, a record file, commits of sessions."""
    world.put("a.csv", BOOK, "2026-03-01 04:00")
    schema = dict.fromkeys(("entity_id", *RECORD_FIELDS[CUSTOMER]), pl.String)
    frame = pl.DataFrame([{"entity_id": ID, "full_name": "Chitra"}], schema=schema)
    write_records(world.home, RecordFile(CUSTOMER, "import", "lender.customers.jsonl", "import", DAY), [frame])
    with world.home.lock():
        journal.append(world.home, DAY, "asha", {CUSTOMER: [{"entity_id": ID, "full_name": "Chitra R"}]}, {})


def test_nothing_is_forgotten_before_what_replaces_it_is_on_the_disk(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with disk(world.home.root, monkeypatch) as seen:
        prepare(world)
        world.inbox.gather(world.lake)
        records = {str(path.relative_to(world.home.root)) for path, _ in waiting(world.home)}
        world.ingest()
        journal.forget(world.home, journal.taken_up(world.home))
    assert seen.mistakes == []
    assert {*records, "lake/journal/open.jsonl"} == set(seen.forgotten) and len(records) == 2
    assert journal.commits(world.home) == []


def test_an_uploads_facts_are_written_last_and_forgotten_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a run ends, facts in the lake say that all they speak of is there."""
    world.put("a.csv", BOOK, "2026-03-01 04:00")
    order: list[str] = []
    replace, unlink = os.replace, os.unlink
    monkeypatch.setattr(os, "replace", lambda one, other: (order.append(str(other)), replace(one, other)))
    monkeypatch.setattr(
        os, "unlink", lambda path, **_: (os.path.exists(path) and order.append(f"-{path}"), unlink(path))
    )
    world.ingest()
    (world.home.lake / "sightings").rename(world.home.lake / "elsewhere")
    world.ingest()
    monkeypatch.undo()
    kinds = [
        Path(path).relative_to(world.home.lake).parts[0] for path in order if path.startswith("/") and "lake" in path
    ]
    assert [kind for kind in kinds if kind in ("upload_rows", "phones", "other_lines", "uploads")] == [
        *("upload_rows", "phones", "other_lines", "uploads") * 2
    ]
    removed = [path for path in order if path.startswith("-") and "/.staging/" not in path]
    assert [Path(path).parent.name for path in removed] == ["uploads"]


def test_folders_are_made_durably(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(os.readlink(f"/proc/self/fd/{fd}")), fsync(fd)))
    make_folder(tmp_path / "a" / "b")
    assert synced == [str(tmp_path), str(tmp_path / "a")]
