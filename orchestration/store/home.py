"""A home: the folder with everything of one warehouse, and the one lock that keeps two runs apart."""

import fcntl
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import LoancallsError, UsageError
from orchestration.store.atomic import CACHE, PART, make_folder, replacing

# Sessions have a link to the tables, and whoever looks at the inbox a new index of it, for a moment and without
# holding the home; what is older than so many seconds was left by a crash.
_MOMENT_SECONDS = 600
_DAGSTER_YAML = """\
telemetry:
  enabled: false
nux:
  enabled: false
"""


@dataclass(frozen=True)
class Home:
    """Where the files of one home are. Two homes on one machine never touch."""

    root: Path

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def staging(self) -> Path:
        return self.root / "lake" / ".staging"

    @property
    def records(self) -> Path:
        return self.root / "lake" / "records"

    @property
    def session_copy(self) -> Path:
        """The tables as the last run left them, for sessions to read: never written to, only replaced."""
        return self.root / "session.duckdb"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def analytics(self) -> Path:
        return self.root / "analytics.duckdb"

    @property
    def dagster(self) -> Path:
        return self.root / "dagster"

    def prepare(self) -> "Home":
        """Make the folders. Those that hold personal data are open to their owner only, and so is what we write."""
        if "?" in str(self.root):
            raise UsageError(
                f"The home {self.root} has a question mark in its path, which DuckDB cannot open; rename it."
            )
        if str(self.root).encode("utf-8", "ignore") != os.fsencode(self.root):
            raise UsageError(
                f"The home {os.fsencode(self.root).decode('utf-8', 'replace')} has letters in its path that cannot be "
                "written in this locale; set LC_ALL=C.UTF-8, or give LOANCALLS_HOME a path of plain letters."
            )
        os.umask(0o077)
        try:
            for folder in (self.inbox, self.lake, self.staging, self.dagster):
                make_folder(folder)
                if folder.stat().st_mode & 0o077 and folder != self.inbox:
                    folder.chmod(0o700)
        except OSError as error:
            raise LoancallsError(
                f"The home {self.root} cannot be used: {error.strerror}; set LOANCALLS_HOME to a folder of yours."
            ) from None
        config = self.dagster / "dagster.yaml"
        if not config.exists() or not config.stat().st_size:  # an empty one would turn telemetry on
            with replacing(config, self.dagster) as new:  # aside from what a run sweeps: nobody holds the home here
                new.write_text(_DAGSTER_YAML, encoding="utf-8")
        return self

    @contextmanager
    def lock(self, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold the home for one run. Waits for the run that holds it, after calling `waiting` once.

        The kernel lets go of the lock when the process ends, however it ends. Within a process the lock may be taken
        again by whoever holds it (a command that makes several runs in turn). Raises LoancallsError in a thread that
        has a turn.
        """
        with _held_guard:
            held = _held.get(self.root)
            if held and held.thread == threading.get_ident():
                held.depth += 1
                reentered = True
            else:
                reentered = False
        if reentered:
            try:
                yield
            finally:
                held.depth -= 1
            return
        if self.is_our_turn:
            raise LoancallsError(
                "A session of this thread has changes that are not committed; commit or close it first."
            )
        descriptor = self._open_lock()
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            with _held_guard:
                _held[self.root] = _Held(threading.get_ident())
            self._sweep()
            try:
                yield
            finally:
                with _held_guard:
                    del _held[self.root]
        finally:
            os.close(descriptor)

    def take_turn(self, seconds: float) -> "Turn | None":
        """Hold the home for one writer, waiting so long at most; None if it is held by others to the end.

        Unlike `lock` it is never taken twice, not even within a thread.
        """
        descriptor = self._open_lock()
        end = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return Turn(descriptor, (self.root, threading.get_ident()))
            except BlockingIOError:
                if time.monotonic() >= end:
                    os.close(descriptor)
                    return None
                time.sleep(0.05)

    @property
    def is_our_turn(self) -> bool:
        """Whether this thread has a turn: it would wait for itself for ever."""
        return (self.root, threading.get_ident()) in _turns

    def _open_lock(self) -> int:
        return os.open(self.root / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _sweep(self) -> None:
        """Remove what a run that was killed has left half-written: nobody else is writing now."""
        for left in self.staging.iterdir():
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            elif left.suffix in (".link", CACHE):
                with suppress(FileNotFoundError):
                    if left.stat().st_ctime < time.time() - _MOMENT_SECONDS:
                        left.unlink()
            elif left.suffix == PART:
                left.unlink(missing_ok=True)


class Turn:
    """The hold of one writer, a thread, on a home, until `end`."""

    def __init__(self, descriptor: int, holder: tuple[Path, int]):
        self._descriptor, self._holder = descriptor, holder
        _turns[holder] = self

    def end(self) -> None:
        """Let others write; nothing when it has ended."""
        if _turns.get(self._holder) is self:
            del _turns[self._holder]
            os.close(self._descriptor)


@dataclass
class _Held:
    thread: int
    depth: int = 1


_turns: dict[tuple[Path, int], Turn] = {}
_held: dict[Path, _Held] = {}
_held_guard = threading.Lock()


def _end_turns() -> None:
    for turn in list(_turns.values()):
        turn.end()


# A turn stays that of the process which took it; a child that kept it open would hold everybody else up.
os.register_at_fork(after_in_child=_end_turns)
