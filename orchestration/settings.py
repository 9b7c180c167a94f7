"""Settings: environment variables with the prefix LOANCALLS_, read and validated in this one place."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orchestration.errors import UsageError

PREFIX = "LOANCALLS_"
_LEAST_KEY = 16
# What the reader takes at most, and the least that these can be set to.
_LIMITS = {
    **{"MAX_FILE_BYTES": 1, "MAX_LINE_BYTES": 1_000, "MAX_CELL_BYTES": 1_000},
    **{"MAX_COLUMNS": 1, "MAX_HEADER_BYTES": 1_000},
}


@dataclass(frozen=True)
class Settings:
    """What a run is told from outside. Times are in seconds or minutes as named; sizes are DuckDB's words."""

    home: Path
    timezone: str = "Asia/Kolkata"
    utc_offset_minutes: int = 330
    pii: str = "masked"
    pii_key: str | None = None
    contact_seconds: int = 10
    recovery_days: int = 7
    call_window_start_minute: int = 8 * 60
    call_window_end_minute: int = 19 * 60
    memory_limit: str | None = None
    threads: int | None = None
    engine: str = "duckdb"
    wait_seconds: int = 60
    max_file_bytes: int = 4 << 30
    max_line_bytes: int = 8 << 20
    max_cell_bytes: int = 8 << 20
    max_columns: int = 2_000
    max_header_bytes: int = 1 << 20

    def local(self, moment: datetime, between: str = " ") -> str:
        """A time in UTC as people here read it: 2026-03-01 09:30."""
        return f"{moment + timedelta(minutes=self.utc_offset_minutes):%Y-%m-%d{between}%H:%M}"

    def sql_row(self) -> dict[str, int]:
        """The settings that transforms may read, as the one row of the table `settings`."""
        return {
            "utc_offset_minutes": self.utc_offset_minutes,
            "contact_seconds": self.contact_seconds,
            "recovery_days": self.recovery_days,
            "call_window_start_minute": self.call_window_start_minute,
            "call_window_end_minute": self.call_window_end_minute,
        }


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Read LOANCALLS_* from `env` (the process environment by default).

    Raises UsageError with one sentence naming the variable when a value is unknown or malformed.
    """
    env = os.environ if env is None else env

    def get(name: str, default: str) -> str:
        return env.get(PREFIX + name, "").strip() or default

    known = {
        *("HOME", "TIMEZONE", "PII", "PII_KEY", "CONTACT_SECONDS", "RECOVERY_DAYS", "CALL_WINDOW"),
        *("MEMORY_LIMIT", "THREADS", "ENGINE", "WAIT_SECONDS"),
        *_LIMITS,
    }
    for variable in env:
        if variable.startswith(PREFIX) and variable.removeprefix(PREFIX) not in known:
            raise UsageError(f"{variable} is not a setting; the settings are {', '.join(sorted(known))}.")

    timezone = get("TIMEZONE", "Asia/Kolkata")
    window = _call_window(get("CALL_WINDOW", "08:00-19:00"))
    memory = get("MEMORY_LIMIT", "")
    if memory and not re.fullmatch(r"[0-9]+(\.[0-9]+)? ?[KMGT]i?B", memory):
        raise UsageError(f"{PREFIX}MEMORY_LIMIT is '{memory}'; state a size such as 4GB.")
    threads = get("THREADS", "")
    return Settings(
        home=Path(get("HOME", "data")).expanduser().absolute(),
        timezone=timezone,
        utc_offset_minutes=_fixed_offset_minutes(timezone),
        pii=_choice("PII", get("PII", "masked"), ("masked", "clear")),
        pii_key=_key(env.get(PREFIX + "PII_KEY")),
        contact_seconds=_whole("CONTACT_SECONDS", get("CONTACT_SECONDS", "10"), 0),
        recovery_days=_whole("RECOVERY_DAYS", get("RECOVERY_DAYS", "7"), 0),
        call_window_start_minute=window[0],
        call_window_end_minute=window[1],
        memory_limit=memory or None,
        threads=_whole("THREADS", threads, 1) if threads else None,
        wait_seconds=_whole("WAIT_SECONDS", get("WAIT_SECONDS", "60"), 0),
        engine=_choice("ENGINE", get("ENGINE", "duckdb"), ("duckdb",)),
        **{
            name.lower(): _whole(name, get(name, str(getattr(Settings, name.lower()))), least, digits=15)
            for name, least in _LIMITS.items()
        },
    )


def _key(value: str | None) -> str | None:
    if value is not None and len(value.strip()) < _LEAST_KEY:
        said = f"has {len(value.strip())} characters" if value.strip() else "is blank"
        raise UsageError(
            f"{PREFIX}PII_KEY {said}; state at least {_LEAST_KEY} characters, or unset it to have a key made."
        )
    return value


def _choice(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value.lower() not in allowed:
        raise UsageError(f"{PREFIX}{name} is '{value}'; it must be {' or '.join(allowed)}.")
    return value.lower()


def _whole(name: str, value: str, least: int, digits: int = 9) -> int:
    if not re.fullmatch(rf"[0-9]{{1,{digits}}}", value) or int(value) < least:
        raise UsageError(f"{PREFIX}{name} is '{value}'; it must be a whole number of at least {least}.")
    return int(value)


def _call_window(value: str) -> tuple[int, int]:
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)", value)
    if not match:
        raise UsageError(f"{PREFIX}CALL_WINDOW is '{value}'; state it as 08:00-19:00.")
    h1, m1, h2, m2 = (int(part) for part in match.groups())
    start, end = h1 * 60 + m1, h2 * 60 + m2
    if start >= end:
        raise UsageError(f"{PREFIX}CALL_WINDOW is '{value}'; it must end after it starts, as 08:00-19:00 does.")
    return start, end


def _fixed_offset_minutes(name: str) -> int:
    """Minutes east of UTC of a zone without daylight saving (SQL adds one constant, so it must be one)."""
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"{PREFIX}TIMEZONE is '{name}'; state an IANA name such as Asia/Kolkata.") from None
    moments = [datetime(year, month, 15, tzinfo=UTC) for year in range(2015, 2041) for month in (1, 4, 7, 10)]
    offsets = {moment.astimezone(zone).utcoffset() or timedelta() for moment in moments}
    if len(offsets) != 1:
        raise UsageError(f"{PREFIX}TIMEZONE is '{name}', which changes its clocks; only fixed zones are supported.")
    return int(offsets.pop().total_seconds() // 60)
