"""The lake: what was received, immutable. Written only by ingest; everything after it is a function of it.

    lake/originals/<sha256>.zst                  the file's bytes, compressed
    lake/upload_rows/<kind>/<sha256>.parquet     its records: line, exact text, and the cells under their field names
    lake/other_lines/<sha256>.parquet            its lines that are no records and not blank, with their text, if any
    lake/phones/<sha256>.parquet                 every distinct phone text of it, and the number it means
    lake/uploads/<sha256>.parquet                the upload's own facts; written last, so that it says "complete"
    lake/sightings/<sha256>.<hash>.parquet       each time the bytes were seen: name, time, sender
    lake/corrections/<sha256>.parquet            what people have corrected since, in their order, if any
    lake/records/                                record files of ours that no run has taken up yet (see `records`)

Writing a file twice gives the same file. Every one is on the disk before the upload's facts are, and they before a
record file is forgotten. A file without both its ends, as a power cut or a full disk leaves it, counts as absent: the
upload is read again from its original, or from the inbox.
"""

import hashlib
import json
import os
import uuid
from contextlib import AbstractContextManager
from dataclasses import asdict, fields, replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa

from models.fields import FIELDS, RECORD_KINDS
from orchestration.errors import LoancallsError, UsageError
from orchestration.store.atomic import replacing, sync
from orchestration.store.facts import FILE, Correction, Sighting, UploadFacts, parquet_schema
from orchestration.store.home import Home

KINDS = tuple(FIELDS)

_LEAST_DIGITS = 6
_PARQUET = b"PAR1"


def upload_id_of(sha256: str) -> str:
    """The id of an upload, from its bytes."""
    return str(uuid.UUID(hashlib.md5(f"upload|{sha256}".encode()).hexdigest()))


class Lake:
    """The lake of one home."""

    def __init__(self, home: Home):
        self.root = home.lake
        self.staging = home.staging

    # --- what is there ------------------------------------------------------------------------------------------

    def has(self, sha256: str) -> bool:
        """Whether the upload is complete in the lake: its facts, and every file that they speak of, with both ends."""
        rows = [path for path in (self.rows_path(kind, sha256) for kind in KINDS) if path.exists()]
        others = [self.other_lines_path(sha256)] if self.other_lines_path(sha256).exists() else []
        return len(rows) == 1 and all(
            map(is_whole, [self.facts_path(sha256), self.phones_path(sha256), *rows, *others])
        )

    def find(self, short_hash: str) -> str | None:
        """The sha256 of the upload in the lake that starts with these hex digits."""
        return next((sha256 for sha256 in self._spoken_of() if sha256.startswith(short_hash)), None)

    def has_sighting(self, sha256: str, sighting: Sighting) -> bool:
        return is_whole(self._sighting(sha256, sighting))

    def sightings(self, sha256: str) -> list[Sighting]:
        """Each time the bytes were seen, the earliest first."""
        paths = filter(is_whole, (self.root / "sightings").glob(f"{sha256}.*.parquet"))
        rows = [_read_parquet(path).row(0, named=True) for path in paths]
        found = [
            Sighting(row["filename"], row["uploaded_by"], row["uploaded_at"], row.get("time_from")) for row in rows
        ]
        return sorted(found, key=lambda sighting: (sighting.uploaded_at, sighting.filename, sighting.uploaded_by))

    def damaged(self) -> list[str]:
        """The sha256 of uploads that the lake had, or began to have, and has not: not complete, or without a sighting.

        Looks at the ends of files only; an original is found damaged when it is needed.
        """
        seen = {path.name.split(".")[0] for path in (self.root / "sightings").glob("*.parquet") if is_whole(path)}
        return [sha256 for sha256 in self._spoken_of() if not (sha256 in seen and self.has(sha256))]

    def is_of_records(self, sha256: str) -> bool:
        """Whether the upload came from a record file of ours (see `records`): its facts say so, or else its rows."""
        if is_whole(self.facts_path(sha256)):
            return self.facts(sha256).source != FILE
        return any(self.rows_path(kind, sha256).exists() for kind in RECORD_KINDS)

    def forget_damaged_sightings(self) -> None:
        """Remove sightings that a power cut has left without content; the inbox states its own again."""
        for path in (self.root / "sightings").glob("*.parquet"):
            if not is_whole(path):
                path.unlink()

    def corrections(self, sha256: str) -> list[Correction]:
        """What people have corrected of an upload, the last one last. Raises LoancallsError where that is damaged."""
        path = self._corrections(sha256)
        if not path.exists():
            return []
        if not is_whole(path):
            raise LoancallsError(
                f"{path} is damaged: a power cut or a full disk has left it unfinished. Bring it back from a backup, "
                "or remove it and say once more, with `loancalls withdraw` or `loancalls restate`, what it said."
            )
        return [Correction(**row) for row in _read_parquet(path).select(_names(Correction)).iter_rows(named=True)]

    def corrected(self) -> dict[str, Correction]:
        """The last correction of each upload that has one, by its sha256."""
        return {path.stem: self.corrections(path.stem)[-1] for path in self.files("corrections")}

    def withdrawn(self) -> set[str]:
        """The sha256 of the uploads that are withdrawn: nothing after raw is made of their rows."""
        return {sha256 for sha256, last in self.corrected().items() if last.is_withdrawn}

    def _spoken_of(self) -> list[str]:
        """The sha256 of every upload of which there is anything but rows."""
        patterns = ("originals/*.zst", "uploads/*.parquet", "sightings/*.parquet")
        return sorted({path.name.split(".")[0] for pattern in patterns for path in self.root.glob(pattern)})

    def uploads(self) -> pl.DataFrame:
        """Every complete upload as it was first sent, or as it was corrected since, in the order of uploads."""
        facts = self._frame("uploads", UploadFacts)
        sightings = self._frame("sightings", Sighting).sort("uploaded_at", "filename", "uploaded_by")
        first = sightings.group_by("upload_id", maintain_order=True).first()
        last = [{"upload_id": upload_id_of(sha256), **asdict(one)} for sha256, one in self.corrected().items()]
        corrected = pl.DataFrame(last, schema=parquet_schema(Correction))
        stated = ("uploaded_at", "uploaded_by")
        return (
            facts.join(first, on="upload_id")
            .join(corrected, on="upload_id", how="left", suffix="_corrected")
            .with_columns(pl.coalesce(f"{name}_corrected", name).alias(name) for name in stated)
            .with_columns(pl.col("is_withdrawn").fill_null(False))
            .drop(f"{name}_corrected" for name in stated)
            .sort("uploaded_at", "sha256")
        )

    def facts(self, sha256: str) -> UploadFacts:
        """The facts of a complete upload."""
        row = _read_parquet(self.facts_path(sha256)).to_dicts()[0]
        return UploadFacts(
            **{name: row.get(name) for name in parquet_schema(UploadFacts)} | {"source": row.get("source") or FILE}
        )

    def rows(self, sha256: str, kind: str) -> pl.LazyFrame:
        """The records of a complete upload as they were received."""
        return pl.scan_parquet(self.rows_path(kind, sha256), glob=False, hive_partitioning=False)

    def named(self, names: list[str]) -> list[tuple[str, str]]:
        """(filename, sha256) of the uploads with these file names or beginnings of a sha256; of all for no names.

        Raises UsageError for a name that none has.
        """
        known = [(row["filename"], row["sha256"]) for row in self.uploads().iter_rows(named=True)]
        found = []
        for name in names:
            same = [upload for upload in known if upload[0] == Path(name).name]
            same = same or [upload for upload in known if len(name) >= _LEAST_DIGITS and upload[1].startswith(name)]
            if not same:
                raise UsageError(f"No upload is named '{name}'; `loancalls uploads` lists them.")
            found += same
        return found if names else known

    def state(self, *folders: str) -> str:
        """A hash of what the lake holds; it changes with every upload, sighting, correction and re-reading. Or of some
        folders."""
        names = sorted(
            f"{path.relative_to(self.root)}:{path.stat().st_size}:{path.stat().st_mtime_ns}"
            for folder in folders or ("uploads", "sightings", "corrections")
            for path in (self.root / folder).glob("*")
        )
        return hashlib.sha256("\n".join(names).encode()).hexdigest()

    def stamp(self, sha256: str) -> str:
        """What changes when an upload is read anew."""
        status = self.facts_path(sha256).stat()
        return f"{status.st_size}:{status.st_mtime_ns}"

    def files(self, folder: str, shas: set[str] | None = None) -> list[Path]:
        """The Parquet files of a folder that belong to complete uploads (of `shas`, when given), by name."""
        complete = {path.stem for path in (self.root / "uploads").glob("*.parquet")}
        wanted = complete if shas is None else complete & shas
        return [path for path in sorted((self.root / folder).glob("*.parquet")) if path.name.split(".")[0] in wanted]

    def rows_bytes(self) -> int:
        """How large the records of all uploads are, as the lake keeps them."""
        return sum(path.stat().st_size for path in (self.root / "upload_rows").glob("*/*.parquet"))

    # --- what ingest writes -------------------------------------------------------------------------------------

    def keep_original(self, staged: Path, sha256: str) -> None:
        """Keep the bytes of a file, from which all else in the lake can be made again."""
        with (
            self.replacing(self._original(sha256)) as target,
            pa.CompressedOutputStream(target, "zstd") as out,
            staged.open("rb") as source,
        ):
            while block := source.read(1 << 22):
                out.write(block)

    def begin(self, sha256: str) -> None:
        """Let the upload be incomplete until all of it is there, also when it is read again."""
        if self.facts_path(sha256).exists():
            self.facts_path(sha256).unlink()
            sync(self.facts_path(sha256).parent)

    def note(self, facts: UploadFacts) -> UploadFacts:
        """Write the upload's own facts: from now on it is complete."""
        with self.replacing(self.facts_path(facts.sha256)) as target:
            pl.DataFrame([asdict(facts)], schema=parquet_schema(UploadFacts)).write_parquet(target)
        return facts

    def add_sighting(self, sha256: str, sighting: Sighting) -> None:
        """Note that the bytes were seen. Noting the same twice is noting it once."""
        row = {"upload_id": upload_id_of(sha256), **asdict(sighting)}
        with self.replacing(self._sighting(sha256, sighting)) as target:
            pl.DataFrame([row], schema=parquet_schema(Sighting)).write_parquet(target)

    def correct(self, sha256: str, correction: Correction) -> None:
        """Note a correction, which from now on is the last one made, also where the clock was set back since."""
        made = self.corrections(sha256)
        if made and correction.made_at <= made[-1].made_at:
            correction = replace(correction, made_at=made[-1].made_at + timedelta(microseconds=1))
        rows = [{"upload_id": upload_id_of(sha256), **asdict(one)} for one in [*made, correction]]
        with self.replacing(self._corrections(sha256)) as target:
            pl.DataFrame(rows, schema=parquet_schema(Correction)).write_parquet(target)

    def restore(self, sha256: str, target: Path) -> bool:
        """Write the original bytes of an upload to `target`; False when they are not there or not those any more."""
        digest = hashlib.sha256()
        try:
            with (
                pa.OSFile(str(self._original(sha256))) as file,
                pa.CompressedInputStream(file, "zstd") as source,
                target.open("wb") as out,
            ):
                while block := source.read(1 << 22):
                    digest.update(block)
                    out.write(block)
        except (OSError, pa.ArrowException):
            return False
        return digest.hexdigest() == sha256

    # --- paths --------------------------------------------------------------------------------------------------

    def _original(self, sha256: str) -> Path:
        return self.root / "originals" / f"{sha256}.zst"

    def rows_path(self, kind: str, sha256: str) -> Path:
        return self.root / "upload_rows" / kind / f"{sha256}.parquet"

    def phones_path(self, sha256: str) -> Path:
        return self.root / "phones" / f"{sha256}.parquet"

    def other_lines_path(self, sha256: str) -> Path:
        return self.root / "other_lines" / f"{sha256}.parquet"

    def facts_path(self, sha256: str) -> Path:
        return self.root / "uploads" / f"{sha256}.parquet"

    def _sighting(self, sha256: str, sighting: Sighting) -> Path:
        said = json.dumps([sighting.filename, sighting.uploaded_by, sighting.uploaded_at.isoformat()])
        return self.root / "sightings" / f"{sha256}.{hashlib.sha256(said.encode()).hexdigest()[:16]}.parquet"

    def _corrections(self, sha256: str) -> Path:
        return self.root / "corrections" / f"{sha256}.parquet"

    def _frame(self, folder: str, of: type) -> pl.DataFrame:
        files, schema = filter(is_whole, self.files(folder)), parquet_schema(of)
        known = pl.DataFrame(schema=schema)  # an upload that was read by an earlier version may lack columns
        return pl.concat([known, *map(_read_parquet, files)], how="diagonal").select(list(schema))

    def replacing(self, final: Path) -> AbstractContextManager[Path]:
        return replacing(final, self.staging)


def _names(of: type) -> list[str]:
    return [field.name for field in fields(of)]


def _read_parquet(path: Path) -> pl.DataFrame:
    return pl.read_parquet(path, glob=False, hive_partitioning=False)  # a home's path is no pattern


def is_whole(path: Path) -> bool:
    """Whether a Parquet file is there and has both its ends. Costs a look at twelve bytes."""
    try:
        with path.open("rb", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            start, end = os.pread(file.fileno(), 4, 0), os.pread(file.fileno(), 8, max(size - 8, 0))
    except OSError:
        return False
    return start == end[4:] == _PARQUET and int.from_bytes(end[:4], "little") <= size - 12
