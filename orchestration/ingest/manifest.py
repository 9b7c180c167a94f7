"""Who sent a file and when: what `manifest.csv` beside it states, else its owner and modification time.

A modification time that cannot be is replaced by the time of the file's arrival; a stated one is refused.
"""

import csv
import io
import os
import pwd
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.errors import LoancallsError
from orchestration.reader.text import decode, readable
from orchestration.store.atomic import replacing
from orchestration.store.facts import OF_ARRIVAL, OF_FILE, STATED, Sighting
from orchestration.store.names import name_as_text

MANIFEST = "manifest.csv"
_MANIFEST_COLUMNS = ("filename", "uploaded_by", "uploaded_at", "sha256", "time_from")
_FIRST_YEAR = 1990


@dataclass(frozen=True)
class Line:
    """A line of a manifest: what it states of a file, or of the bytes with this sha256 ('' for whatever they are)."""

    sha256: str
    uploaded_by: str | None
    uploaded_at: datetime | None
    time_from: str


class WrongMoment(ValueError):
    """A time that nobody can have sent a file at; the text says what to do, as the end of a sentence."""


def read_manifest(path: Path, offset: timedelta) -> dict[str, list[Line]]:
    """For each file name what a manifest states of it, in its order, times in UTC.

    Raises LoancallsError for a time that cannot be read or cannot be.
    """
    stated: dict[str, list[Line]] = {}
    if not _is_regular(path):
        return stated
    for row in (reader := csv.DictReader(_text_of(path), restval="")):
        name = (row.get("filename") or "").strip()
        if not name:
            continue
        at = (row.get("uploaded_at") or "").strip()
        try:
            sha256 = (row.get("sha256") or "").strip()
            # A line for certain bytes is our own, and an earlier version let it have the time of any file.
            moment = parse_moment(at, offset, is_any=bool(sha256)) if at else None
        except WrongMoment as wrong:
            raise LoancallsError(f"{path}, line {reader.line_num}: uploaded_at is '{at}'{wrong}") from None
        said = (row.get("time_from") or "").strip()
        line = Line(
            sha256=sha256,
            uploaded_by=(row.get("uploaded_by") or "").strip() or None,
            uploaded_at=moment,
            time_from=said if said in (OF_FILE, OF_ARRIVAL) else STATED,
        )
        stated.setdefault(name, []).append(line)
    return stated


def state(target: Path, sighting: Sighting, sha256: str, staging: Path) -> None:
    """Put a line for these bytes into the manifest beside `target`, unless it stands there."""
    manifest = target.parent / MANIFEST
    rows = list(csv.DictReader(_text_of(manifest))) if _is_regular(manifest) else []
    line = {
        "filename": name_as_text(target.name),
        "uploaded_by": sighting.uploaded_by,
        "uploaded_at": sighting.uploaded_at.replace(tzinfo=UTC).isoformat(),
        "sha256": sha256,
        # What no person has said is marked as such.
        "time_from": sighting.time_from if sighting.time_from in (OF_FILE, OF_ARRIVAL) else "",
    }
    known = {(row.get("filename"), row.get("uploaded_by"), row.get("uploaded_at"), row.get("sha256")) for row in rows}
    if tuple(line.values())[:4] in known:
        return
    rows.append(line)
    out = io.StringIO()
    writer = csv.DictWriter(out, _MANIFEST_COLUMNS, extrasaction="ignore", restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with replacing(manifest, staging) as new:
        new.write_text(out.getvalue(), encoding="utf-8")


def _is_regular(path: Path) -> bool:
    """Whether a manifest may be read: no link to elsewhere, no pipe that would be waited for."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _text_of(manifest: Path) -> io.StringIO:
    """A manifest's text, in whatever encoding a spreadsheet has saved it."""
    return io.StringIO(readable(decode(manifest.read_bytes()).data.decode("utf-8", "surrogatepass")), newline="")


def sightings_of(path: Path, status: os.stat_result, sha256: str, manifest: dict[str, list[Line]]) -> list[Sighting]:
    """Who sent a file and when: every line of the manifest for these bytes, else its last line for the name.

    What a line leaves open, or a file without one, has the file's owner and modification time.
    """
    name = name_as_text(path.name)
    lines = manifest.get(name, [])
    of_bytes = [line for line in lines if line.sha256 == sha256]
    of_name = [line for line in lines if line.sha256 == ""][-1:]
    at, time_from = _time_of(status)
    return [
        Sighting(
            name,
            line.uploaded_by or _owner(status),
            line.uploaded_at or at,
            line.time_from if line.uploaded_at else time_from,
        )
        for line in of_bytes or of_name or [Line("", None, None, "")]
    ]


def _time_of(status: os.stat_result) -> tuple[datetime, str]:
    """When a file was last written to, or, where that cannot be, when it came to where it is; and which of the two."""
    modified, arrived = (_moment(nanoseconds) for nanoseconds in (status.st_mtime_ns, status.st_ctime_ns))
    return (modified, OF_FILE) if _can_be(modified) else (arrived, OF_ARRIVAL)


def _moment(nanoseconds: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(microseconds=nanoseconds // 1000)


def _can_be(moment: datetime) -> bool:
    return moment.year >= _FIRST_YEAR and moment <= datetime.now(UTC).replace(tzinfo=None)


def _owner(status: os.stat_result) -> str:
    try:
        return pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        return str(status.st_uid)


def parse_moment(text: str, offset: timedelta, is_any: bool = False) -> datetime:
    """An ISO time as naive UTC; one without a zone is local, `offset` east of UTC.

    Raises WrongMoment for what is none, and, unless it may be `is_any`, for a time that nobody can have sent a file at.
    """
    try:
        said = datetime.fromisoformat(text.strip())
        moment = said - offset if said.tzinfo is None else said.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise WrongMoment("; state it as 2026-03-01T09:30.") from None
    if not is_any and not _can_be(moment):
        why = f"before {_FIRST_YEAR}" if moment.year < _FIRST_YEAR else "in the future"
        raise WrongMoment(f", which is {why}; state when the file was sent.")
    return moment
