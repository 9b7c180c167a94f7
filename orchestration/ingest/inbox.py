"""The inbox: files as people send them, read in place and never changed.

Any file in any folder below the inbox is an upload, but for hidden ones and `manifest.csv`, which states who sent the
files beside it and when (see `manifest`).
"""

import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from orchestration.errors import LoancallsError, UsageError
from orchestration.ingest.manifest import MANIFEST, read_manifest, sightings_of, state
from orchestration.ingest.own_columns import own_vocabulary, read_otherwise
from orchestration.store import journal
from orchestration.store.atomic import replacing
from orchestration.store.facts import FILE, STATED, Sighting
from orchestration.store.hashing import copy_hashing, hash_file, short_hash
from orchestration.store.home import Home
from orchestration.store.lake import Lake
from orchestration.store.records import waiting


@dataclass(frozen=True)
class InboxFile:
    """A file that waits to be read, with its bytes' sha256 and one sighting that is stated of it.

    `source` is FILE for what people put into the inbox, else what the head of one of our record files says.
    """

    path: Path
    sha256: str
    sighting: Sighting
    source: str = FILE

    @property
    def partition_key(self) -> str:
        return partition_key(self.sighting.filename, self.sha256)


def partition_key(filename: str, sha256: str) -> str:
    """The key of an upload in the Dagster UI: its file name, and enough of its hash to be unique."""
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '_', filename)[:80].strip('.')}~{short_hash(sha256)}"


def hash_in_key(key: str) -> str:
    """The first digits of the sha256 that a partition key stands for (see `short_hash`)."""
    return key.rsplit("~", 1)[-1]


def known_key(filename: str, sha256: str, known: Sequence[str]) -> str:
    """The partition of an upload: the one that has its bytes, whatever its name, else a new one."""
    same = (key for key in known if hash_in_key(key) == short_hash(sha256))
    return next(same, partition_key(filename, sha256))


def partition_keys(files: list[InboxFile], known: Sequence[str]) -> list[str]:
    """One key for each upload among `files`: the one that Dagster knows its bytes by, else its first file's."""
    by_hash = {hash_in_key(key): key for key in known}
    return list(dict.fromkeys(by_hash.setdefault(short_hash(file.sha256), file.partition_key) for file in files))


def uploads_below(root: Path, passing: Path | None = None) -> Iterator[tuple[Path, os.stat_result]]:
    """Regular files below a folder that count as uploads, by path: no links, no devices, nothing of `passing`."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and (Path(folder) / name).absolute() != passing
        )
        for name in sorted(names):
            path = Path(folder) / name
            status = path.lstat()
            if not name.startswith(".") and name != MANIFEST and stat.S_ISREG(status.st_mode):
                yield path, status


class Inbox:
    """The inbox of one home. Hashes are remembered by size and times, so that an old file is not read again."""

    def __init__(self, home: Home, utc_offset_minutes: int):
        self.home = home
        self.root = home.inbox
        self.staging = home.staging
        self.offset = timedelta(minutes=utc_offset_minutes)
        self._index_path = home.lake / "inbox_index.json"
        self._copied: dict[str, list] = {}  # what `take` has hashed already, as in the index

    def files(self) -> list[InboxFile]:
        """Every upload in the inbox, by path; one that was sent several times as often. Then record files of ours."""
        known = self._load_index()
        seen, found, manifests = {}, [], {}
        for path, status in self.paths():
            name, stamp = str(path.relative_to(self.root)), _stamp(status)
            stamped, sha256 = self._copied.get(name) or known.get(name) or (None, "")
            if stamped != stamp:
                sha256 = hash_file(path)
            seen[name] = [stamp, sha256]
            if path.parent not in manifests:
                manifests[path.parent] = read_manifest(path.parent / MANIFEST, self.offset)
            found += [
                InboxFile(path, sha256, sighting)
                for sighting in sightings_of(path, status, sha256, manifests[path.parent])
            ]
        if seen != known:
            with replacing(self._index_path, self.staging, is_cache=True) as new:
                new.write_text(json.dumps(seen), encoding="utf-8")
        found += [InboxFile(path, hash_file(path), head.sighting, head.source) for path, head in waiting(self.home)]
        return found

    def pending(self, lake: Lake) -> list[InboxFile]:
        """The uploads whose bytes or sighting the lake does not have yet, or not any more, and those to be read anew.

        What is to be read anew is what the lender's own headers and words make another reading of.
        """
        new = [
            file
            for file in self.files()
            if not (lake.has(file.sha256) and lake.has_sighting(file.sha256, file.sighting))
        ]
        again = {*lake.damaged(), *read_otherwise(lake, own_vocabulary(self.home))} - {file.sha256 for file in new}
        return new + [self._in_lake(lake, sha256) for sha256 in sorted(again)]

    def _in_lake(self, lake: Lake, sha256: str) -> InboxFile:
        """An upload that is to be read again from its original."""
        unknown = Sighting("upload", "", datetime.min)
        return InboxFile(lake.root / "originals" / f"{sha256}.zst", sha256, next(iter(lake.sightings(sha256)), unknown))

    def gather(self, lake: Lake) -> None:
        """Put what was written through sessions among the files that wait. The caller holds the home."""
        journal.heal(self.home)
        lake.forget_damaged_sightings()
        sent = [file.sighting.uploaded_at for file in self.files()] + lake.uploads()["uploaded_at"].to_list()
        journal.seal(self.home, sent)

    def clear(self, lake: Lake) -> None:
        """Remove record files that the lake has already: the same was imported before."""
        journal.heal(self.home)
        for path, head in waiting(self.home):
            sha256 = hash_file(path)
            if lake.has(sha256) and lake.has_sighting(sha256, head.sighting):
                path.unlink()

    def paths(self) -> Iterator[tuple[Path, os.stat_result]]:
        """Regular files below the inbox that count as uploads."""
        return uploads_below(self.root)

    def take_all(self, source: Path, uploaded_by: str | None = None, uploaded_at: datetime | None = None) -> None:
        """Take a file, or every file of a folder and those below it that counts as an upload (see `take`).

        Raises UsageError for a folder without any.
        """
        if source.is_symlink() or not source.is_dir():
            self.take(source, uploaded_by, uploaded_at)
            return
        found = [path for path, _ in uploads_below(source, passing=self.home.root)]
        if not found:
            raise UsageError(f"{source} holds no files to load.")
        for path in found:
            self.take(path, uploaded_by, uploaded_at)

    def take(self, source: Path, uploaded_by: str | None = None, uploaded_at: datetime | None = None) -> Path | None:
        """Copy a file into the inbox, and state beside it who sent it and when.

        What is stated here counts before the manifest beside the source, and that before the file's owner and
        modification time. A name that is taken by other bytes gets a folder of its own. A manifest is no upload:
        None. Raises UsageError for what is not a regular file.
        """
        try:
            status = source.lstat()
        except OSError as error:
            raise UsageError(f"{source} cannot be read: {error.strerror}.") from None
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{source} is not a regular file; name files or folders to load, not links.")
        if source.name == MANIFEST:
            return None
        if source.name.startswith("."):
            raise UsageError(f"{source} is a hidden file, which the inbox passes over; give it another name.")
        manifest = read_manifest(source.parent / MANIFEST, self.offset)
        if self.root in source.absolute().parents:
            target = source.absolute()
            if uploaded_by is None and uploaded_at is None:
                return target
            sha256 = hash_file(target)
        else:
            target, sha256 = self._copy(source, status)
        for sighting in sightings_of(source, status, sha256, manifest):
            by, at = uploaded_by or sighting.uploaded_by, uploaded_at or sighting.uploaded_at
            time_from = STATED if uploaded_at else sighting.time_from
            state(target, Sighting(source.name, by, at, time_from), sha256, self.staging)
        return target

    def _copy(self, source: Path, status: os.stat_result) -> tuple[Path, str]:
        """Copy a file into the inbox, unless its bytes are there under its name: where it is then, and its sha256."""
        target = self.root / source.name
        if target.exists():
            sha256 = hash_file(source)
            if hash_file(target) == sha256:
                return target, sha256
            target = self.root / short_hash(sha256) / source.name
            if target.exists():
                return target, sha256
        with replacing(target, self.staging) as new:
            sha256 = copy_hashing(source, new)
            if _stamp(source.lstat()) != _stamp(status):  # sender and time are stated of what was looked at first
                raise LoancallsError(f"{source} changed while it was read; run again when it is complete.")
        self._copied[str(target.relative_to(self.root))] = [_stamp(target.lstat()), sha256]
        return target, sha256

    def _load_index(self) -> dict:
        try:
            return json.loads(self._index_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}


def _stamp(status: os.stat_result) -> list[int]:
    """What changes when a file does."""
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
