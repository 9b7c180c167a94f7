"""The one lock of a home, which keeps two runs apart, and turns of writers: who holds it writes alone."""

import fcntl
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import LoancallsError
from orchestration.store.atomic import CACHE, PART

# Sessions have a link to the tables, and whoever looks at the inbox a new index of it, for a moment and without
# holding the home; what is older than so many seconds was left by a crash.
_MOMENT_SECONDS = 600


@contextmanager
def hold(root: Path, staging: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the home at `root` for one run. Waits for the run that holds it, after calling `waiting` once.

    The kernel lets go of the lock when the process ends, however it ends. Within a process the lock may be taken
    again by whoever holds it (a command that makes several runs in turn). Raises LoancallsError in a thread that
    has a turn.
    """
    with _held_guard:
        held = _held.get(root)
        ours = held if held and held.thread == threading.get_ident() else None
        if ours:
            ours.depth += 1
    if ours:
        try:
            yield
        finally:
            ours.depth -= 1
        return
    if is_our_turn(root):
        raise LoancallsError("A session of this thread has changes that are not committed; commit or close it first.")
    descriptor = _open(root)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        with _held_guard:
            _held[root] = _Held(threading.get_ident())
        _sweep(staging)
        try:
            yield
        finally:
            with _held_guard:
                del _held[root]
    finally:
        os.close(descriptor)


def take_turn(root: Path, seconds: float) -> "Turn | None":
    """Hold the home for one writer, waiting so long at most; None if it is held by others to the end.

    Unlike `hold` it is never taken twice, not even within a thread.
    """
    descriptor = _open(root)
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return Turn(descriptor, (root, threading.get_ident()))
        except BlockingIOError:
            if time.monotonic() >= end:
                os.close(descriptor)
                return None
            time.sleep(0.05)


def is_our_turn(root: Path) -> bool:
    """Whether this thread has a turn: it would wait for itself for ever."""
    return (root, threading.get_ident()) in _turns


def _open(root: Path) -> int:
    return os.open(root / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _sweep(staging: Path) -> None:
    """Remove what a run that was killed has left half-written: nobody else is writing now."""
    for left in staging.iterdir():
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
