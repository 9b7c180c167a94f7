"""Ingest: one upload from the inbox (or, read again, from the lake's original) into the lake."""

import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from duckdb import DuckDBPyConnection

from models.headers import Vocabulary
from orchestration.errors import LoancallsError
from orchestration.ingest.inbox import Inbox, InboxFile, hash_in_key
from orchestration.ingest.manifest import WrongMoment, parse_moment, state
from orchestration.ingest.own_columns import own_vocabulary
from orchestration.ingest.store import store, store_records
from orchestration.reader import Limits
from orchestration.settings import Settings
from orchestration.store.connection import connect, lock_into
from orchestration.store.facts import FILE, STATED, UploadFacts
from orchestration.store.hashing import copy_hashing, short_hash
from orchestration.store.home import Home
from orchestration.store.lake import Lake
from orchestration.store.records import read_head


@dataclass(frozen=True)
class Stated:
    """What a caller states of the uploads it ingests, in place of manifest, owner and modification time."""

    uploaded_by: str | None = None
    uploaded_at: str | None = None

    def moment(self, offset_minutes: int) -> datetime | None:
        """uploaded_at as naive UTC. Raises LoancallsError when it is not an ISO time, or cannot be."""
        if not self.uploaded_at:
            return None
        try:
            return parse_moment(self.uploaded_at, timedelta(minutes=offset_minutes))
        except WrongMoment as wrong:
            raise LoancallsError(f"uploaded_at is '{self.uploaded_at}'{wrong}") from None


def ingest(
    home: Home,
    settings: Settings,
    keys: list[str],
    stated: Stated = Stated(),
    done: Callable[[str, UploadFacts], None] = lambda key, facts: None,
) -> list[UploadFacts]:
    """Read the uploads that `keys` (partition keys) stand for into the lake, calling `done` after each.

    An upload that cannot be got at does not keep the others from being read; a LoancallsError at the end names it.
    """
    lake, inbox, own = Lake(home), Inbox(home, settings.utc_offset_minutes), own_vocabulary(home)
    waiting: dict[str, list[InboxFile]] = {}
    for file in inbox.files():
        waiting.setdefault(short_hash(file.sha256), []).append(file)
    facts, problems = [], []
    for key in keys:
        try:
            found = _ingest_one(home, settings, lake, inbox, waiting.get(hash_in_key(key), []), key, stated, own)
        except (LoancallsError, OSError) as error:
            problems.append(f"{key}: {error}")
            continue
        facts.append(found)
        done(key, found)
    if problems:
        raise LoancallsError(" ".join(problems))
    return facts


def _ingest_one(
    home: Home,
    settings: Settings,
    lake: Lake,
    inbox: Inbox,
    files: list[InboxFile],
    key: str,
    stated: Stated,
    own: Vocabulary,
) -> UploadFacts:
    folder = home.staging / uuid.uuid4().hex
    folder.mkdir(mode=0o700)
    staged = folder / "upload"
    try:
        # Should two uploads ever share a short hash, the name in the key says which is meant.
        meant = next((file for file in files if file.partition_key == key), files[0] if files else None)
        sha256 = meant.sha256 if meant else lake.find(hash_in_key(key))
        files = [file for file in files if file.sha256 == sha256]
        if sha256 is None:
            raise LoancallsError("it is neither in the inbox nor in the lake; put the file into the inbox again.")
        if not lake.restore(sha256, staged):
            if not files:
                raise LoancallsError(_lost(lake, sha256))
            if copy_hashing(files[0].path, staged) != sha256:
                raise LoancallsError("the file changed while it was read; run again when it is complete.")
            lake.keep_original(staged, sha256)
        # Records are numbered in their order, one after the other: a second thread only waits, which costs as much.
        con = connect(":memory:", home, settings, one_thread=True)
        try:
            lock_into(con, home.staging)
            facts = _store(lake, staged, sha256, con, settings, meant, own)
        finally:
            con.close()
        for file in files:
            sighting = file.sighting
            if file.source != FILE:
                lake.add_sighting(sha256, sighting)
                file.path.unlink(missing_ok=True)  # the lake has it now, and nobody else put it there
                continue
            if stated.uploaded_by or stated.uploaded_at:
                sighting = replace(
                    sighting,
                    uploaded_by=stated.uploaded_by or sighting.uploaded_by,
                    uploaded_at=stated.moment(settings.utc_offset_minutes) or sighting.uploaded_at,
                    time_from=STATED if stated.uploaded_at else sighting.time_from,
                )
                # Kept beside the file, or the next look at the inbox would see it as sent another time.
                state(file.path, sighting, sha256, home.staging)
            lake.add_sighting(sha256, sighting)
        if not lake.sightings(sha256):
            raise LoancallsError(
                "the lake has its records but not who sent it and when; put the file into the inbox again."
            )
        return facts
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lost(lake: Lake, sha256: str) -> str:
    """What to do about an upload of which neither the lake nor the inbox has the bytes."""
    back = "bring lake/originals back from a backup" if lake.is_of_records(sha256) else "put the file into the inbox"
    return (
        "its files in the lake are damaged, and the original that they could be made from is damaged or not there; "
        f"{back} again. Nothing is published without it, unless you move away all that `find {lake.root} "
        f"-name '{sha256}*'` lists."
    )


def _store(
    lake: Lake,
    staged: Path,
    sha256: str,
    con: DuckDBPyConnection,
    settings: Settings,
    waiting: InboxFile | None,
    own: Vocabulary,
) -> UploadFacts:
    if waiting.source == FILE if waiting else not lake.is_of_records(sha256):
        return store(lake, staged, sha256, con, _limits(settings), own)
    head = read_head(staged)
    return store_records(lake, staged, sha256, head.kind, head.source, con)


def _limits(settings: Settings) -> Limits:
    return Limits(
        file_bytes=settings.max_file_bytes,
        line_bytes=settings.max_line_bytes,
        cell_bytes=settings.max_cell_bytes,
        columns=settings.max_columns,
        header_bytes=settings.max_header_bytes,
    )
