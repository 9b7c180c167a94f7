"""Who sent a file and when: what `manifest.csv` beside it states, else its owner and modification time."""

import csv
import io
import os
import pwd
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.errors import LoancallsError
from orchestration.reader.text import decode, readable
from orchestration.store.atomic import replacing
from orchestration.store.facts import Sighting
from orchestration.store.names import name_as_text

MANIFEST = "manifest.csv"
_MANIFEST_COLUMNS = ("filename", "uploaded_by", "uploaded_at", "sha256")


def read_manifest(path: Path, offset: timedelta) -> dict[str, list[tuple[str, str | None, datetime | None]]]:
    """For each file name the (sha256 or '', uploaded_by, uploaded_at in UTC) that a manifest states, in its order."""
    stated: dict[str, list[tuple[str, str | None, datetime | None]]] = {}
    if not _is_regular(path):
        return stated
    for row in (reader := csv.DictReader(_text_of(path), restval="")):
        name = (row.get("filename") or "").strip()
        if not name:
            continue
        at = (row.get("uploaded_at") or "").strip()
        try:
            moment = parse_moment(at, offset) if at else None
        except ValueError:
            raise LoancallsError(
                f"{path}, line {reader.line_num}: uploaded_at is '{at}'; state it as 2026-03-01 09:30."
            ) from None
        entry = ((row.get("sha256") or "").strip(), (row.get("uploaded_by") or "").strip() or None, moment)
        stated.setdefault(name, []).append(entry)
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
    }
    if line in rows:
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


def sightings_of(path: Path, status: os.stat_result, sha256: str, manifest: dict) -> list[Sighting]:
    """Who sent a file and when: every line of the manifest for these bytes, else its last line for the name.

    What a line leaves open, or a file without one, has the file's owner and modification time.
    """
    name = name_as_text(path.name)
    lines = manifest.get(name, [])
    of_bytes = [(by, at) for digest, by, at in lines if digest == sha256]
    of_name = [(by, at) for digest, by, at in lines if digest == ""][-1:]
    modified = datetime.fromtimestamp(status.st_mtime_ns // 1000 / 1e6, UTC).replace(tzinfo=None)
    return [Sighting(name, by or _owner(status), at or modified) for by, at in of_bytes or of_name or [(None, None)]]


def _owner(status: os.stat_result) -> str:
    try:
        return pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        return str(status.st_uid)


def parse_moment(text: str, offset: timedelta) -> datetime:
    """An ISO time as naive UTC; one without a zone is local, `offset` east of UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        return moment - offset
    return moment.astimezone(UTC).replace(tzinfo=None)
