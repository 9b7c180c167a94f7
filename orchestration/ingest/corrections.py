"""What a person says of an upload after it was sent: that it does not count, when it was sent, or by whom.

It is kept in the lake, so that every build knows it; `lake.correct` is the only thing that is written.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from orchestration.errors import UsageError
from orchestration.settings import Settings
from orchestration.store.facts import Correction
from orchestration.store.hashing import short_hash
from orchestration.store.home import Home
from orchestration.store.lake import Lake
from orchestration.store.records import API, utc_now


@dataclass(frozen=True)
class Corrected:
    """What came of a correction, in a sentence. `correction` is the one that is in force, None where none ever was."""

    filename: str
    sha256: str
    said: str
    is_changed: bool
    correction: Correction | None


def withdraw(home: Home, settings: Settings, name: str, by: str, undo: bool = False) -> Corrected:
    """Let an upload count no more, or again. Raises UsageError where `name` is not that of one upload of a file.

    The caller holds the home. Nothing after raw is made of a withdrawn upload from the next build on.
    """
    lake = Lake(home)
    upload = the_upload(lake, settings, name)
    sha256, hash_ = upload["sha256"], short_hash(upload["sha256"])
    if upload["source"] == API:
        raise UsageError(f"{upload['filename']} was written through the session; delete the rows there instead.")
    last = next(reversed(lake.corrections(sha256)), None)
    about = f"{upload['filename']} ({hash_}, sent {settings.local(upload['uploaded_at'])} by {upload['uploaded_by']})"
    if upload["is_withdrawn"] != undo:
        if last is not None and not undo:
            said = (
                f"{about} was withdrawn already, {settings.local(last.made_at)} by {last.made_by}; nothing has changed."
            )
        else:
            said = f"{about} is not withdrawn; nothing has changed."
        return Corrected(upload["filename"], sha256, said, False, last)
    made = replace(last or Correction(utc_now(), by), made_at=utc_now(), made_by=by, is_withdrawn=not undo)
    lake.correct(sha256, made)
    if undo:
        said = f"{about} counts again."
    else:
        said = f"{about} is withdrawn: none of its {upload['records']:,} records counts any more. "
        said += f"`loancalls withdraw --undo {hash_}` brings it back."
    return Corrected(upload["filename"], sha256, said, True, made)


def restate(
    home: Home,
    settings: Settings,
    name: str,
    by: str,
    uploaded_at: datetime | None = None,
    uploaded_by: str | None = None,
) -> Corrected:
    """Say when (naive UTC) or by whom an upload was sent, whatever was said before. Raises UsageError as `withdraw`.

    The caller holds the home.
    """
    lake = Lake(home)
    upload = the_upload(lake, settings, name)
    sha256 = upload["sha256"]
    if upload["source"] == API:
        raise UsageError(f"{upload['filename']} was written through the session, which has noted when and by whom.")
    last = next(reversed(lake.corrections(sha256)), Correction(utc_now(), by))
    at, sender = uploaded_at or upload["uploaded_at"], uploaded_by or upload["uploaded_by"]
    about = f"{upload['filename']} ({short_hash(sha256)}): sent {settings.local(at)} by {sender}"
    said = replace(last, uploaded_at=uploaded_at or last.uploaded_at, uploaded_by=uploaded_by or last.uploaded_by)
    if said == last:
        return Corrected(upload["filename"], sha256, f"{about}, as was said before; nothing has changed.", False, last)
    # Also where it is as before: from now on no sighting changes it.
    made = replace(said, made_at=utc_now(), made_by=by)
    lake.correct(sha256, made)
    before = f"{settings.local(upload['uploaded_at'])} by {upload['uploaded_by']}"
    return Corrected(upload["filename"], sha256, f"{about}; before, {before}.", True, made)


def the_upload(lake: Lake, settings: Settings, name: str) -> dict:
    """The one upload of this file name, or whose sha256 starts so, as `Lake.uploads` has it. Raises UsageError."""
    shas = {sha256 for _, sha256 in lake.named([name])}
    found = [row for row in lake.uploads().iter_rows(named=True) if row["sha256"] in shas]
    if len(found) > 1:
        each = "; ".join(
            f"{short_hash(row['sha256'])}, sent {settings.local(row['uploaded_at'])} by {row['uploaded_by']}"
            for row in found
        )
        raise UsageError(f"{len(found)} uploads are named '{name}'; name one by its hash: {each}.")
    return found[0]
