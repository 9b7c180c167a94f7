"""What a file is known by: the sha256 of its bytes."""

import hashlib
import os
import stat
from pathlib import Path

from orchestration.errors import LoancallsError


def short_hash(sha256: str) -> str:
    """Enough hex digits of a sha256 to tell the uploads of a home apart, and few enough to read."""
    return sha256[:10]


def hash_file(path: Path) -> str:
    """sha256 of a regular file's bytes, in hex. Links are not followed; a file that changes meanwhile is refused."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise LoancallsError(f"{path.name} cannot be read: {error.strerror}.") from None
    with open(descriptor, "rb") as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise LoancallsError(f"{path.name} is not a regular file; only regular files are read.")
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise LoancallsError(f"{path.name} changed while it was read; run again when it is complete.")
    return digest
