"""What files and texts are known by: the sha256 of their bytes."""

import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from orchestration.errors import LoancallsError

_BLOCK = 1 << 20


def short_hash(sha256: str) -> str:
    """Enough hex digits of a sha256 to tell the uploads of a home apart, and few enough to read."""
    return sha256[:10]


def digest(*parts: str) -> str:
    """One hash of several texts."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def hash_file(path: Path) -> str:
    """sha256 of a regular file's bytes, in hex. Links are not followed; a file that changes meanwhile is refused."""
    with _reading(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksum(path: Path) -> str:
    """By which to know that a file of our own is as we left it: its CRC-32, much quicker to find than its sha256."""
    found = 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            found = zlib.crc32(block, found)
    return f"{found:08x}"


def copy_hashing(source: Path, target: Path) -> str:
    """Copy a file's bytes and its modification time to `target`, and give their sha256, as `hash_file` does."""
    digest = hashlib.sha256()
    with _reading(source) as file, target.open("wb") as out:
        status = os.fstat(file.fileno())
        # Of one that grows as fast as it is read no more than the beginning: it is refused below.
        while file.tell() <= status.st_size and (block := file.read(_BLOCK)):
            digest.update(block)
            out.write(block)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    return digest.hexdigest()


@contextmanager
def _reading(path: Path) -> Iterator[FileIO]:
    """A regular file, opened to be read once. Raises LoancallsError for any other, and at the end if it has changed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise LoancallsError(f"{path.name} cannot be read: {error.strerror}.") from None
    with open(descriptor, "rb", buffering=0) as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise LoancallsError(f"{path.name} is not a regular file; only regular files are read.")
        yield file
        after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise LoancallsError(f"{path.name} changed while it was read; run again when it is complete.")
