"""The inbox: which files count, who sent them and when, and that nothing is followed, changed or mistaken."""

import hashlib
import os
import pwd
from datetime import datetime
from pathlib import Path

import pytest
from support import World

from orchestration.errors import LoancallsError, UsageError
from orchestration.ingest import inbox as inbox_module
from orchestration.ingest import run as ingest_run
from orchestration.ingest.inbox import hash_in_key, partition_key, partition_keys
from orchestration.ingest.manifest import parse_moment
from orchestration.store.facts import Sighting
from orchestration.store.hashing import copy_hashing, hash_file

ME = pwd.getpwuid(os.getuid()).pw_name
BOOK = b"loan_id,phone\nL1,9845012345\n"
LATER = b"loan_id,phone\nL2,9845012346\n"
# 2026-03-01 09:30 in Kolkata
NANOSECONDS = 1_772_337_600_123_456_789
MODIFIED = datetime(2026, 3, 1, 4, 0, 0, 123456)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def put(world):
    """Writes a file straight into the inbox, as a person does with a file manager."""

    def write(name: str, content: bytes = BOOK) -> Path:
        path = world.inbox.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, ns=(NANOSECONDS, NANOSECONDS))
        return path

    return write


def sightings(world: World) -> dict[str, tuple[str, datetime]]:
    return {
        str(file.path.relative_to(world.inbox.root)): (file.sighting.uploaded_by, file.sighting.uploaded_at)
        for file in world.inbox.files()
    }


STATED = datetime(2026, 3, 2, 4, 30)
# A manifest's lines below its header (filename,uploaded_by,uploaded_at,sha256), and what they state of a.csv.
MANIFESTS = {
    "all is stated": (["a.csv,asha,2026-03-02 10:00"], ("asha", STATED)),
    "a zone is stated": (["a.csv,asha,2026-03-02T04:30:00Z"], ("asha", STATED)),
    "another zone is stated": (["a.csv,asha,2026-03-02T08:30:00+04:00"], ("asha", STATED)),
    "only who": (["a.csv,asha,"], ("asha", MODIFIED)),
    "only when": (["a.csv,,2026-03-02 10:00"], (ME, STATED)),
    "a day": (["a.csv,asha,2026-03-02"], ("asha", datetime(2026, 3, 1, 18, 30))),
    "nothing": (["a.csv"], (ME, MODIFIED)),
    "another file": (["b.csv,asha,2026-03-02 10:00"], (ME, MODIFIED)),
    "the last line wins": (["a.csv,ravi,2026-02-01", "a.csv,asha,2026-03-02 10:00"], ("asha", STATED)),
    "blanks around": ([" a.csv , asha , 2026-03-02 10:00 "], ("asha", STATED)),
    "these bytes": ([f"a.csv,asha,2026-03-02 10:00,{sha(BOOK)}"], ("asha", STATED)),
    "other bytes of that name": ([f"a.csv,asha,2026-03-02 10:00,{sha(LATER)}"], (ME, MODIFIED)),
    "other bytes last": (
        [f"a.csv,asha,2026-03-02 10:00,{sha(BOOK)}", f"a.csv,ravi,,{sha(LATER)}"], ("asha", STATED),
    ),
    "a blank line": (["", "a.csv,asha,2026-03-02 10:00"], ("asha", STATED)),
}  # fmt: skip


@pytest.mark.parametrize("case", MANIFESTS)
def test_a_manifest_states_who_sent_a_file_and_when(world, put, case):
    lines, meant = MANIFESTS[case]
    put("branch/a.csv")
    text = "\n".join(["filename,uploaded_by,uploaded_at,sha256", *lines])
    put("branch/manifest.csv", b"\xef\xbb\xbf" + text.encode())
    put("a.csv")  # in another folder, so that the manifest does not speak of it
    assert sightings(world) == {"branch/a.csv": meant, "a.csv": (ME, MODIFIED)}


def test_a_wrong_time_in_a_manifest_is_named(world, put):
    put("a.csv")
    manifest = put("manifest.csv", b'filename,uploaded_by,uploaded_at\na.csv,"x\ny",\na.csv,asha,01/03/2026\n')
    with pytest.raises(LoancallsError) as wrong:
        world.inbox.files()
    assert str(wrong.value) == (f"{manifest}, line 4: uploaded_at is '01/03/2026'; state it as 2026-03-01T09:30.")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_manifest_may_be_in_any_encoding_of_a_spreadsheet(world, put, encoding):
    put("café.csv")
    text = "filename,uploaded_by,uploaded_at\r\ncafé.csv,José,2026-03-02 10:00\r\n"
    put("manifest.csv", text.encode(encoding))
    assert sightings(world) == {"café.csv": ("José", STATED)}
    world.inbox.take(world.inbox.root / "café.csv", "asha")
    assert sightings(world) == {"café.csv": ("asha", STATED)}


@pytest.mark.parametrize(
    "content", [b"", b"\0\xff\x81", b'filename,uploaded_by\n"a.csv,asha\n', b"who,when\na.csv,x\n"]
)
def test_a_broken_manifest_states_nothing(world, put, content):
    put("a.csv")
    put("manifest.csv", content)
    assert sightings(world) == {"a.csv": (ME, MODIFIED)}


def test_hidden_files_links_and_devices_are_passed_over(world, put, tmp_path):
    put("good.csv")
    for name in (".hidden.csv", ".folder/a.csv", "manifest.csv", "sub/manifest.csv", "sub/.b.csv"):
        put(name, LATER)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_bytes(LATER)
    (world.inbox.root / "link.csv").symlink_to(outside / "secret.csv")
    (world.inbox.root / "folder").symlink_to(outside)
    os.mkfifo(world.inbox.root / "pipe.csv")
    assert list(sightings(world)) == ["good.csv"]


def refused(path: Path, kind: str) -> str:
    if kind == "missing":
        return f"{path} cannot be read: No such file or directory."
    return f"{path} is not a regular file; name files or folders to load, not links."


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "missing", "device"])
def test_only_regular_files_are_taken(world, tmp_path, kind):
    path = tmp_path / kind
    if kind == "link":
        (tmp_path / "real.csv").write_bytes(BOOK)
        path.symlink_to(tmp_path / "real.csv")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path = Path("/dev/null")
    with pytest.raises(UsageError) as wrong:
        world.inbox.take(path)
    assert str(wrong.value) == refused(path, kind)
    assert list(world.inbox.paths()) == []


def test_hashing_follows_no_link_and_waits_for_no_pipe(tmp_path):
    (tmp_path / "a").write_bytes(BOOK)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    os.mkfifo(tmp_path / "pipe")
    assert hash_file(tmp_path / "a") == sha(BOOK)
    with pytest.raises(LoancallsError, match=r"^link cannot be read: Too many levels of symbolic links\.$"):
        hash_file(tmp_path / "link")
    with pytest.raises(LoancallsError, match=r"^pipe is not a regular file; only regular files are read\.$"):
        hash_file(tmp_path / "pipe")


def test_a_taken_file_is_a_copy_with_its_facts_beside_it(world, tmp_path):
    source = tmp_path / "a.csv"
    source.write_bytes(BOOK)
    os.utime(source, ns=(NANOSECONDS, NANOSECONDS))
    target = world.inbox.take(source)
    assert (target, target.read_bytes(), target.stat().st_mode & 0o777) == (
        world.inbox.root / "a.csv",
        BOOK,
        0o600,
    )
    assert sightings(world) == {"a.csv": (ME, MODIFIED)}
    world.inbox.take(source, "asha", STATED)  # sent once more: both times are kept
    world.inbox.take(source, "asha", STATED)
    assert [file.sighting for file in world.inbox.files()] == [
        Sighting("a.csv", ME, MODIFIED),
        Sighting("a.csv", "asha", STATED),
    ]
    assert (world.inbox.root / "manifest.csv").read_text(encoding="utf-8") == (
        "filename,uploaded_by,uploaded_at,sha256,time_from\n"
        f"a.csv,{ME},{MODIFIED.isoformat()}+00:00,{sha(BOOK)},file\n"
        f"a.csv,asha,2026-03-02T04:30:00+00:00,{sha(BOOK)},\n"
    )
    assert source.read_bytes() == BOOK
    assert world.inbox.take(tmp_path / "manifest.csv") is None if (tmp_path / "manifest.csv").exists() else True


def test_the_manifest_beside_the_source_counts_unless_more_is_stated(world, tmp_path):
    (tmp_path / "manifest.csv").write_text(
        "filename,uploaded_by,uploaded_at\na.csv,asha,2026-03-02 10:00\n", encoding="utf-8"
    )
    (tmp_path / "a.csv").write_bytes(BOOK)
    assert world.inbox.take(tmp_path / "manifest.csv") is None
    world.inbox.take(tmp_path / "a.csv")
    assert sightings(world) == {"a.csv": ("asha", STATED)}
    world.inbox.take(tmp_path / "a.csv", "ravi")
    assert sightings(world) == {"a.csv": ("ravi", STATED)}


def test_the_same_name_with_other_bytes_gets_a_folder_of_its_own(world):
    world.put("a.csv", BOOK, "2026-03-01", "asha")
    world.put("a.csv", LATER, "2026-03-02", "ravi")
    world.put("a.csv", LATER, "2026-03-02", "ravi")
    assert sightings(world) == {
        "a.csv": ("asha", datetime(2026, 3, 1)),
        f"{sha(LATER)[:10]}/a.csv": ("ravi", datetime(2026, 3, 2)),
    }
    assert (world.inbox.root / "a.csv").read_bytes() == BOOK


def test_a_file_that_is_in_the_inbox_already_is_not_copied(world, put):
    path = put("branch/a.csv")
    assert world.inbox.take(path) == path
    assert not (path.parent / "manifest.csv").exists()
    assert world.inbox.take(path, "asha", STATED) == path
    assert sightings(world) == {"branch/a.csv": ("asha", STATED)}


def test_pending_are_new_bytes_and_new_sightings(world, put):
    def pending() -> list[str]:
        return [str(file.path.relative_to(world.inbox.root)) for file in world.inbox.pending(world.lake)]

    put("a.csv")
    assert pending() == ["a.csv"]
    world.ingest()
    assert pending() == []
    put("copy.csv")  # the same bytes under another name: a further sighting
    put("b.csv", LATER)
    assert pending() == ["b.csv", "copy.csv"]
    world.ingest()
    assert pending() == []
    put("manifest.csv", b"filename,uploaded_by,uploaded_at\nb.csv,asha,2026-03-02 10:00\n")
    assert pending() == ["b.csv"]
    world.ingest()
    (world.inbox.root / "a.csv").unlink()
    assert pending() == []


def test_a_change_is_noticed_even_with_the_same_size_and_time(world, put):
    path = put("a.csv")
    before = path.stat()
    assert [file.sha256 for file in world.inbox.files()] == [sha(BOOK)]
    put("a.csv", LATER)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert [file.sha256 for file in world.inbox.files()] == [sha(LATER)]


def test_an_unchanged_file_is_not_read_again(world, put):
    put("a.csv")
    index = world.home.lake / "inbox_index.json"
    world.inbox.files()
    index.write_text(index.read_text(encoding="utf-8").replace(sha(BOOK), "f" * 64), encoding="utf-8")
    assert [file.sha256 for file in world.inbox.files()] == ["f" * 64]
    index.write_text("not JSON", encoding="utf-8")
    assert [file.sha256 for file in world.inbox.files()] == [sha(BOOK)]


def test_a_file_is_hashed_while_it_is_copied_and_then_remembered(world, tmp_path, monkeypatch):
    """One pass over the file on its way into the inbox, one on its way to be read."""
    (tmp_path / "a.csv").write_bytes(BOOK)
    copied = []

    def copy(source: Path, target: Path) -> str:
        copied.append(source)
        return copy_hashing(source, target)

    for module in (inbox_module, ingest_run):
        monkeypatch.setattr(module, "copy_hashing", copy)
    monkeypatch.setattr(inbox_module, "hash_file", lambda path: pytest.fail(f"{path} is hashed once more"))
    taken = world.inbox.take(tmp_path / "a.csv")
    assert [file.sha256 for file in world.inbox.files()] == [sha(BOOK)]
    world.ingest()
    assert copied == [tmp_path / "a.csv", taken] and world.lake.has(sha(BOOK))
    assert taken.stat().st_mtime_ns == (tmp_path / "a.csv").stat().st_mtime_ns


KEYS = {"a.csv": "a.csv", "loans [1] 'x'.csv": "loans_1_x_.csv", "ऋण.csv": "_.csv", "a\n\x07b.csv": "a_b.csv",
        "x" * 200: "x" * 80, "..": "", "a~b.csv": "a_b.csv"}  # fmt: skip


@pytest.mark.parametrize("name", KEYS)
def test_partition_keys_are_plain_and_lead_back_to_the_hash(name):
    key = partition_key(name, sha(BOOK))
    assert (key, hash_in_key(key)) == (f"{KEYS[name]}~{sha(BOOK)[:10]}", sha(BOOK)[:10])


NAMES = ["loans[1].csv", "*.csv", "{a,b}.csv", "lo'ans \"2\".csv", "ऋण ₹.csv", "a\n\x07.csv", "-rf.csv",
         "a\\b;x.csv", "caf\udce9.csv",
         "${HOME}.csv", "status=paid,year=1.csv", "no_ending", "a.parquet"]  # fmt: skip


def test_names_and_homes_are_never_patterns_or_code(tmp_path):
    """Two homes of which one's path is a pattern for the other's, and files named to be mistaken."""
    for folder in ("hoxme 'q' \"d\" ₹", "ho[x]me 'q' \"d\" ₹"):
        world = World(tmp_path / folder)
        for position, name in enumerate(NAMES):
            world.put(name, f"loan_id,phone,name\nL{position},98450{position:05},A\n")
        (world.inbox.root / "a=1").mkdir()
        (world.inbox.root / "a=1" / "same.csv").write_bytes(LATER)
        world.load()
        found = world.rows("SELECT filename, success_records, failed_records FROM file_uploads ORDER BY filename")
        assert found == sorted((name.replace("\udce9", "\ufffd"), 1, 0) for name in [*NAMES, "same.csv"])
        loans = world.rows("SELECT loan_id, primary_phone FROM loans JOIN customers ON customers.id = customer_id")
        meant = {f"L{position}": f"+9198450{position:05}" for position in range(len(NAMES))}
        assert dict(loans) == {**meant, "L2": "+919845012346"}
        for path in world.home.lake.rglob("*.parquet"):
            path.write_bytes(b"whoever reads this read the other home")


MOMENTS = [
    ("2026-03-01 09:30", MODIFIED.replace(microsecond=0)),
    ("2026-03-01T04:00:00Z", datetime(2026, 3, 1, 4)),
]
MOMENTS += [
    ("2026-03-01", datetime(2026, 2, 28, 18, 30)),
    (" 2026-03-01T00:00:00-04:00 ", datetime(2026, 3, 1, 4)),
]


@pytest.mark.parametrize(("text", "moment"), MOMENTS)
def test_moments_are_local_unless_they_state_a_zone(world, text, moment):
    assert parse_moment(text, world.inbox.offset) == moment


def test_the_same_bytes_are_one_partition_whatever_their_names(world, put):
    put("a.csv")
    put("b.csv")  # the same bytes
    put("c.csv", LATER)
    files = world.inbox.files()
    a, b, c = (file.partition_key for file in files)
    assert partition_keys(files, []) == [a, c]
    assert partition_keys(files, [b]) == [b, c], "a key that is known already is kept"
    assert partition_keys([], [a]) == []
