"""The copy of the tables that sessions read, clear and private: written aside, then put in the place of the one before.

A home that no session has connected to has none, and its runs write none.
"""

import shutil
from pathlib import Path

import duckdb

from orchestration.store.atomic import put_database, remove_database, sync
from orchestration.store.home import Home


def file_stamp(path: Path) -> str:
    """What changes when somebody writes to a file; a rename does not change it."""
    status = path.stat()
    return f"{status.st_size}:{status.st_mtime_ns}"


def write_copy(home: Home) -> Path:
    """Copy the working database, which nobody may have open, beside the copy that sessions read; the new file."""
    copy = Path(f"{home.session_copy}.new")
    remove_database(copy)
    copy.touch(mode=0o600)
    shutil.copyfile(home.warehouse, copy)
    copy.chmod(0o400)
    sync(copy)
    return copy


def make_copy(home: Home) -> bool:
    """Make the first copy, from what was published last; False where the working database is not that.

    The caller holds the home.
    """
    try:
        with duckdb.connect(str(home.warehouse), read_only=True) as con:
            found = con.execute("SELECT stamp FROM meta.published").fetchall()
        if found != [(file_stamp(home.analytics),)]:
            return False
    except (duckdb.Error, OSError):
        return False
    put_database(write_copy(home), home.session_copy)
    return True
