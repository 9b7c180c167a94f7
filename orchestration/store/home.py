"""A home: the folder with everything of one warehouse, and where in it what is."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.errors import LoancallsError, UsageError
from orchestration.store.atomic import make_folder, replacing
from orchestration.store.lock import Turn, hold, is_our_turn, take_turn

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
    is_new: bool = field(init=False, compare=False)  # whether there was no home yet

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_new", not self.lake.exists())

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
        """Make the folders. Those that hold personal data are open to their owner only."""
        if "?" in str(self.root):
            raise UsageError(
                f"The home {self.root} has a question mark in its path, which DuckDB cannot open; rename it."
            )
        if str(self.root).encode("utf-8", "ignore") != os.fsencode(self.root):
            raise UsageError(
                f"The home {os.fsencode(self.root).decode('utf-8', 'replace')} has letters in its path that cannot be "
                "written in this locale; set LC_ALL=C.UTF-8, or give LOANCALLS_HOME a path of plain letters."
            )
        try:
            for folder in (self.inbox, self.lake, self.staging, self.dagster):
                make_folder(folder)
                if folder.stat().st_mode & 0o077 and folder != self.inbox:
                    folder.chmod(0o700)
        except OSError as error:
            raise LoancallsError(
                f"The home {self.root} cannot be used: {error.strerror}; set LOANCALLS_HOME to a folder that you own."
            ) from None
        config = self.dagster / "dagster.yaml"
        if not config.exists() or not config.stat().st_size:  # an empty one would turn telemetry on
            with replacing(config, self.dagster) as new:  # aside from what a run sweeps: nobody holds the home here
                new.write_text(_DAGSTER_YAML, encoding="utf-8")
        return self

    def lock(self, say: Callable[[str], None] = lambda sentence: None) -> AbstractContextManager[None]:
        """Hold the home for one run (see `lock.hold`); `say` is told when another one holds it."""
        waiting = f"Another run holds {self.root}; waiting until it has ended."
        return hold(self.root, self.staging, lambda: say(waiting))

    def take_turn(self, seconds: float) -> Turn | None:
        """Hold the home for one writer (see `lock.take_turn`)."""
        return take_turn(self.root, seconds)

    @property
    def is_our_turn(self) -> bool:
        """Whether this thread has a turn: it would wait for itself for ever."""
        return is_our_turn(self.root)
