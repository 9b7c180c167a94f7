"""Record files: what our own API and imports state, on its way into the lake as uploads.

A record file is JSON Lines. Its first line says what it holds and who stated it when; each further line is one record
of one kind (see `models.fields.RECORD_FIELDS`): one row of a table as stated, with its own id. Cells are text or null.
Files wait in lake/records until a run takes them up, as files of people wait in the inbox; only our own code writes
there, so nobody can pass off a file of their own as ours.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from models.fields import RECORD_FIELDS
from orchestration.errors import LoancallsError
from orchestration.store.atomic import PART, put
from orchestration.store.facts import Sighting
from orchestration.store.home import Home

API, IMPORT = "api", "import"


@dataclass(frozen=True)
class RecordFile:
    """The first line of a record file. `uploaded_at` is naive UTC; `line` of a file's first record is 2."""

    kind: str
    source: str
    filename: str
    uploaded_by: str
    uploaded_at: datetime

    @property
    def sighting(self) -> Sighting:
        return Sighting(self.filename, self.uploaded_by, self.uploaded_at)

    def header(self) -> str:
        return json.dumps(
            {
                "loancalls": "records",
                "kind": self.kind,
                "source": self.source,
                "filename": self.filename,
                "uploaded_by": self.uploaded_by,
                "uploaded_at": self.uploaded_at.isoformat(),
            },
            ensure_ascii=False,
        )


def write_records(
    home: Home,
    head: RecordFile,
    batches: Iterable[pl.DataFrame],
    done: Callable[[int], None] = lambda records: None,
) -> Path | None:
    """Write a record file and put it where the next run takes it up; None, and no file, for no records.

    The columns of each batch are entity_id and any of the kind's fields, all text; fields that are lacking are null.
    `done` is told the number of records after each batch. The same records make the same bytes, and so one upload.
    """
    fields = ["entity_id", *RECORD_FIELDS[head.kind]]
    temporary = home.staging / f"{uuid.uuid4().hex}{PART}"
    line = 2
    try:
        with temporary.open("wb") as out:
            out.write(head.header().encode() + b"\n")
            for batch in batches:
                if batch.is_empty():
                    continue
                numbers = pl.int_range(line, line + batch.height, dtype=pl.Int64, eager=True).alias("line_number")
                cells = [
                    batch[name].cast(pl.String) if name in batch.columns else pl.lit(None, pl.String).alias(name)
                    for name in fields
                ]
                batch.select(numbers, *cells).write_ndjson(out)
                line += batch.height
                done(line - 2)
        if line == 2:
            return None
        with temporary.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        # Two files of one name and other content may wait at a time.
        target = home.records / f"{re.sub(r'[^A-Za-z0-9._-]+', '_', head.filename)[:80]}~{digest[:10]}.jsonl"
        put(temporary, target)
        return target
    finally:
        temporary.unlink(missing_ok=True)


def waiting(home: Home) -> Iterator[tuple[Path, RecordFile]]:
    """The record files that no run has taken up yet, by name. Raises LoancallsError for one that is damaged."""
    if home.records.is_dir():
        for path in sorted(home.records.glob("*.jsonl")):
            yield path, read_head(path)


def damaged(home: Home) -> list[Path]:
    """The record files in lake/records that do not hold the bytes that their names speak of."""
    return [path for path in sorted(home.records.glob("*.jsonl")) if not _is_whole(path)]


def _is_whole(path: Path) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(path.stem.rsplit("~", 1)[-1])


def read_head(path: Path) -> RecordFile:
    """What the first line of a record file says. Raises LoancallsError when it is damaged."""
    with path.open("rb") as file:
        line = file.readline()
    try:
        said = json.loads(line)
        return RecordFile(
            said["kind"],
            said["source"],
            said["filename"],
            said["uploaded_by"],
            datetime.fromisoformat(said["uploaded_at"]),
        )
    except (ValueError, KeyError, TypeError):
        raise LoancallsError(damage(path)) from None


def damage(path: Path) -> str:
    """What to do about a record file that cannot be read and cannot be made again."""
    return (
        f"{path} is damaged: a power cut or a full disk has left it unfinished. If it came from `loancalls import`, "
        "remove it and import that database again; else bring it back from a backup, or remove it to go on without "
        "what it held."
    )


def utc_now() -> datetime:
    """Now, as naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
