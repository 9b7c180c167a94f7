"""The one way in which files are replaced: written aside, synced, renamed, and the folder synced.

A rename alone keeps a file whole when a process is killed, not when the power goes: the name may reach the disk before
the bytes do. So nothing may be forgotten (a record file, a line of the journal) before `replacing` has come to its end
for what stands in its place.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o600
# What the next run removes from the staging folder if a crash has left it there; caches only once they are old, since
# those are written without holding the home.
PART, CACHE = ".part", ".cache"
# What DuckDB keeps beside a database that was not closed, and replays onto whatever file has the database's name.
_LOGS = (".wal", ".wal.checkpoint", ".wal.recovery")


@contextmanager
def replacing(final: Path, staging: Path, mode: int = PRIVATE, is_cache: bool = False) -> Iterator[Path]:
    """Gives a path in `staging` to write to, which becomes `final` when the block ends well; else `final` stays.

    `staging` is a folder of the same file system. `is_cache` says that losing the file costs nothing: it is not synced.
    """
    temporary = staging / f"{uuid.uuid4().hex}{CACHE if is_cache else PART}"
    try:
        yield temporary
        put(temporary, final, mode, is_cache)
    finally:
        temporary.unlink(missing_ok=True)


def put(temporary: Path, final: Path, mode: int = PRIVATE, is_cache: bool = False) -> None:
    """Make a file that is written to its end the file `final`, durably."""
    make_folder(final.parent)
    temporary.chmod(mode)
    if not is_cache:
        sync(temporary)
    os.replace(temporary, final)
    if not is_cache:
        sync(final.parent)


def put_database(new: Path, final: Path) -> None:
    """Make a DuckDB file, closed and synced already, the database `final`, which others may have open.

    A log that a tool has left beside `final` when it was killed is gone for good before the new file is there: a crash
    in between leaves the old file without it, never the new one with it.
    """
    remove_logs(final)
    os.replace(new, final)
    sync(final.parent)


def remove_database(path: Path) -> None:
    """Remove a DuckDB file, if it is there, and its logs before it: the next file of its name must not meet them."""
    remove_logs(path)
    path.unlink(missing_ok=True)


def remove_logs(database: Path) -> None:
    """Remove what DuckDB has noted beside a database and not put into it, for good."""
    if found := logs(database):
        for log in found:
            log.unlink()
        sync(database.parent)


def logs(database: Path) -> list[Path]:
    """What DuckDB has noted beside a database and not put into it; whoever opens it next sees it in there."""
    return [log for log in (Path(f"{database}{suffix}") for suffix in _LOGS) if log.exists()]


def make_folder(folder: Path) -> None:
    """Make a folder for its owner only, and those above it, so that a power cut leaves them there."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync(folder.parent)


def sync(path: Path) -> None:
    """Return when what was written to a file (of a folder: its names) is on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
