"""The journal: what was written through the session and no run has taken up yet.

    lake/journal/open.jsonl    a line that names the file, then one for each commit
    lake/journal/sealed        the number and time of the last commit that is in record files

A commit is one line (its number, time, writer, records and rows), appended and synced under the lock of the home: it
is there as a whole or not at all. A run seals what is there: the records go into record files, uploads like any other.
The lines stay until the session's copy of the tables has them; until then sessions read the `rows` (the changed rows of
the tables, as they are after the commit) on top of that copy.
"""

import json
import os
import re
import threading
import uuid
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import polars as pl

from models.fields import RECORD_FIELDS
from orchestration.errors import LoancallsError
from orchestration.store.atomic import make_folder, replacing, sync
from orchestration.store.home import Home
from orchestration.store.lake import Lake
from orchestration.store.records import API, RecordFile, damage, damaged, waiting, write_records


@dataclass(frozen=True)
class Commit:
    """One commit. `at` is naive UTC in ISO; `records` by kind, `rows` by table, cells as text or null."""

    number: int
    at: str
    by: str
    records: dict[str, list[dict[str, str | None]]]
    rows: dict[str, list[dict[str, str | None]]]


def append(home: Home, at: datetime, by: str, records: dict, rows: dict) -> Commit:
    """Write a commit down for good. The caller holds the home; a crash leaves the whole line or nothing of it."""
    path = _open_file(home)
    make_folder(path.parent)
    known = commits(home)
    number, latest = max(_mark(home), (known[-1].number, _time(known[-1])) if known else (0, datetime.min))
    # A clock may be set back; what is written later counts as later all the same.
    commit = Commit(number + 1, max(at, latest + timedelta(microseconds=1)).isoformat(), by, records, rows)
    is_new = not path.exists()
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        file.truncate(_whole(file.read()))  # what a crash left of a line
        if not file.seek(0, os.SEEK_END):
            file.write(_name())
        file.write(json.dumps(asdict(commit), ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        sync(path.parent)  # the name of the file, too
    return commit


def commits(home: Home, after: int = 0) -> list[Commit]:
    """The commits in the journal with a number above `after`, in order."""
    try:
        with _open_file(home).open("rb") as file:
            found = _parsed(file)
    except FileNotFoundError:
        return []
    return found[bisect_right(found, after, key=lambda commit: commit.number) :]


def sealed(home: Home) -> int:
    """The number of the last commit that is in record files; 0 for none."""
    return _mark(home)[0]


def seal(home: Home, moments: Iterable[datetime]) -> None:
    """Put the commits that are not sealed into record files. The caller holds the home.

    `moments` are the times at which other uploads were sent (naive UTC): commits before and after one of them go into
    different files, so that the order of what was stated is kept.
    """
    done = sealed(home)
    for path, head in waiting(home):  # a crash has left files of a sealing that did not come to its end
        if head.source == API and _last_number(head.filename) > done:
            path.unlink()
    new = commits(home, after=done)
    if not new:
        return
    bounds = sorted(moments)
    for _, batch in groupby(new, key=lambda commit: sum(bound <= _time(commit) for bound in bounds)):
        _write_batch(home, list(batch))
    _replace(home, "sealed", f"{new[-1].number} {new[-1].at}".encode())


def heal(home: Home) -> None:
    """Make damaged record files of ours anew: their commits stay here until the session's copy of the tables has them.

    The caller holds the home. Raises LoancallsError for a record file that cannot be made again.
    """
    for path in damaged(home):
        name = re.fullmatch(rf"(api-(\d+)-(\d+)\.({'|'.join(RECORD_FIELDS)})\.jsonl)~[0-9a-f]+", path.stem)
        first, last = (int(name[2]), int(name[3])) if name else (0, 0)
        batch = [commit for commit in commits(home, after=first - 1) if commit.number <= last]
        if not name or len(batch) != last - first + 1 or _write_kind(home, batch, name[4]) != path:
            raise LoancallsError(damage(path))


def taken_up(home: Home) -> int:
    """The number of the last commit whose records the lake has."""
    firsts = [_first_number(head.filename) for _, head in waiting(home) if head.source == API]
    return min([sealed(home), *(first - 1 for first in firsts)])


def forget(home: Home, through: int) -> None:
    """Drop the commits that the session's copy of the tables has. The caller holds the home."""
    kept = commits(home, after=through)
    if kept != commits(home):
        lines = [json.dumps(asdict(commit), ensure_ascii=False).encode() + b"\n" for commit in kept]
        _replace(home, "open.jsonl", _name() + b"".join(lines))


def _write_batch(home: Home, batch: list[Commit]) -> None:
    for kind in RECORD_FIELDS:
        _write_kind(home, batch, kind)


def _write_kind(home: Home, batch: list[Commit], kind: str) -> Path | None:
    """The record file of a kind with what commits state, where the next run takes it up."""
    first, last = batch[0], batch[-1]
    records = [record for commit in batch for record in commit.records.get(kind, [])]
    if not records:
        return None
    schema = dict.fromkeys(("entity_id", *RECORD_FIELDS[kind]), pl.String)
    head = RecordFile(kind, API, f"api-{first.number}-{last.number}.{kind}.jsonl", last.by, _time(last))
    return write_records(home, head, [pl.DataFrame(records, schema=schema, orient="row")])


def _mark(home: Home) -> tuple[int, datetime]:
    """The number and time of the last commit that is in record files."""
    try:
        number, *at = (_folder(home) / "sealed").read_text(encoding="utf-8").split()
        return int(number), datetime.fromisoformat(at[0]) if at else datetime.min  # earlier versions noted no time
    except FileNotFoundError:
        return 0, datetime.min
    except ValueError:  # damaged; the uploads that came of commits, in the lake and on their way there, say it too
        heads = [head for _, head in waiting(home) if head.source == API]
        found = [(head.filename, head.uploaded_at) for head in heads]
        found += Lake(home).uploads().filter(source=API).select("filename", "uploaded_at").rows()
        return max(((_last_number(name), at) for name, at in found), default=(0, datetime.min))


def _first_number(filename: str) -> int:
    return int(filename.split(".")[0].split("-")[1])


def _last_number(filename: str) -> int:
    return int(filename.split(".")[0].split("-")[2])


def _time(commit: Commit) -> datetime:
    return datetime.fromisoformat(commit.at)


def _parsed(file: BinaryIO) -> list[Commit]:
    """All commits of the journal. Lines are only ever added to a file: what was read before is remembered."""
    with _known_guard:
        name = file.readline()
        known_name, read, found = _known.get(file.name, (b"", 0, []))
        if known_name != name or os.fstat(file.fileno()).st_size < read:  # another file, or one that was cut off
            read, found = len(name), []
        file.seek(read)
        text = file.read()
        end = _whole(text)
        found = found + [Commit(**json.loads(line)) for line in text[:end].splitlines()] if end else found
        _known[file.name] = name, read + end, found
        return found


_known: dict[str, tuple[bytes, int, list[Commit]]] = {}
_known_guard = threading.Lock()


def _name() -> bytes:
    """A first line unlike that of any journal before."""
    return json.dumps({"journal": uuid.uuid4().hex}).encode() + b"\n"


def _whole(text: bytes) -> int:
    return text.rfind(b"\n") + 1


def _replace(home: Home, name: str, content: bytes) -> None:
    with replacing(_folder(home) / name, home.staging) as new:
        new.write_bytes(content)


def _folder(home: Home) -> Path:
    return home.lake / "journal"


def _open_file(home: Home) -> Path:
    return _folder(home) / "open.jsonl"
