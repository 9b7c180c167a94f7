"""Connections to DuckDB with the limits of the settings, that install nothing and spill into the home."""

import glob
import re
from pathlib import Path

import duckdb

from models.quoting import literal
from orchestration.errors import LoancallsError
from orchestration.settings import Settings
from orchestration.store.atomic import PRIVATE
from orchestration.store.home import Home

# DuckDB hands out rows by some hundred thousand, so of less there is nothing to share, and threads wait for each other.
_BYTES_FOR_ONE_THREAD = 8 << 20


def connect(
    path: Path | str,
    home: Home,
    settings: Settings,
    read_only: bool = False,
    data_bytes: int | None = None,
    one_thread: bool = False,
) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with our limits, spilling into the home, that installs nothing.

    `data_bytes` says how much there is to read, where that is known: one thread is quicker with what is small.
    `one_thread` is for what cannot be shared out at all.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": str(home.root / "tmp"),
        "autoinstall_known_extensions": False,
        "preserve_insertion_order": True,
        # It makes a join of each list of words that a cell is compared with, and carries every column through it.
        "disabled_optimizers": "in_clause",
    }
    if settings.memory_limit:
        config["memory_limit"] = settings.memory_limit
    if one_thread:
        config["threads"] = 1
    elif settings.threads:
        config["threads"] = settings.threads
    elif data_bytes is not None and data_bytes < _BYTES_FOR_ONE_THREAD:
        config["threads"] = 1
    try:
        con = duckdb.connect(str(path), read_only=read_only, config=config)
        if isinstance(path, Path) and not read_only:
            path.chmod(PRIVATE)
        return con
    except duckdb.IOException as error:
        raise LoancallsError(
            f"{path} cannot be opened: {str(error).splitlines()[0]} Close the program that has it open, or remove the "
            "file if it is broken: it is rebuilt from the lake."
        ) from None


def lock_into(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Keep a connection that reads what strangers sent from every file outside `folder`, for good."""
    # DuckDB holds a path that is asked for against these as it is written, and again as it is found.
    names = ", ".join(map(literal, (str(folder), glob.escape(str(folder)))))
    con.execute(f"SET allowed_directories = [{names}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def without_values(error: duckdb.Error) -> str:
    """DuckDB's message without the values it quotes, which may be somebody's personal data."""
    message = str(error)
    if isinstance(error, duckdb.ConversionException | duckdb.InvalidInputException | duckdb.OutOfRangeException):
        message = re.sub(r"'[^'\n]*'|\"[^\"\n]*\"", "'...'", message.splitlines()[0])
    return message
