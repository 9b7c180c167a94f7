"""Files and names that are meant to do harm, and those that only might: refused by name, or text and nothing more."""

import bz2
import csv
import gzip
import hashlib
import io
import json
import lzma
import os
import socket
import sqlite3
import stat
import tarfile
import threading
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pytest
import support
from support import World, csv_bytes

from orchestration.errors import LoancallsError, UsageError
from orchestration.ingest import inbox as inbox_module
from orchestration.ingest import run as ingest_module
from orchestration.store.hashing import copy_hashing, hash_file
from orchestration.store.home import Home

loancalls = partial(support.loancalls, PII="clear")
BOOK = b"loan_id,phone\nL1,9845012345\n"
LATER = b"loan_id,phone\nL2,9845012346\n"


def repainting(text: str) -> set[str]:
    """The characters by which a text does more on a terminal than be read."""
    return {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") and char != "\n"}


# --- names and cells, through the command line -----------------------------------------------------------------------

NAMES = [
    *("loans[1].csv", "loans1.csv", "loans?.csv", "-rf.csv", "--full", 'it\'s "q" $(touch hacked);`touch hacked`.csv'),
    *("\x1b[2J\x1b[1;1Hwipe.csv", "\x9b31mred.csv", "\u202egnp.csv", "\u2066a\u2069.csv", "\u061cb.csv", "tab\tc.csv"),
    *("[bold red]d.csv", "ऋण ₹ 😀.csv", "é" * 125 + ".csv", "x" * 251 + ".csv", "%s{0}\\n.csv", "manifest.csv.csv"),
    *("=cmd|' calc'!A0.csv", "~", "c\rd.csv"),
]
FORGED = "a\nPublished: elsewhere.csv"
FORMULAS = ["=1+1", "+91 98450 12345", "-500", "@SUM(A1)", "\tpadded", '=HYPERLINK("http://x","y")', "plain - =", "'=q"]
ODD_HEADER = ["\x1b[31mred", "\u202eevil", "", "=head"]
LINKED = b"loan_id,phone\nL999,9845099999\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home loaded once, with files of every name, with formulas in their cells, and with what is no file."""
    folder = tmp_path_factory.mktemp("hostile")
    home, sent = Home(folder / "home").prepare().root, folder / "sent"
    sent.mkdir()
    (folder / "elsewhere").mkdir()
    for number, name in enumerate([*NAMES, FORGED]):
        (sent / name).write_text(f"loan_id,phone\nL{number},98450{number:05}\n", newline="", encoding="utf-8")
    cells = [{"loan_id": f"F{number}", "phone": f"98451{number:05}", "branch": f"B{number}", "state": text,
              "employee_name": text, "emp_id": f"E{number}"} for number, text in enumerate(FORMULAS)]  # fmt: skip
    (sent / "formulas.csv").write_bytes(csv_bytes(cells))
    odd = io.StringIO()
    csv.writer(odd).writerows([["loan_id", "phone", *ODD_HEADER, "red", "red"], ["H1", "9845200001", *"123456"]])
    (sent / "header.csv").write_text(odd.getvalue(), encoding="utf-8")
    (folder / "up.csv").write_text("loan_id,phone\nU1,9845300001\n", encoding="utf-8")
    (folder / "secret.csv").write_bytes(LINKED)

    inbox = home / "inbox"
    (inbox / "link.csv").symlink_to(folder / "secret.csv")
    (inbox / "broken.csv").symlink_to(folder / "nowhere")
    (inbox / "folder.csv").symlink_to(folder, target_is_directory=True)
    (inbox / "loop.csv").symlink_to(inbox / "loop.csv")
    os.mkfifo(inbox / "pipe.csv")
    with suppress(OSError):  # only root may
        os.mknod(inbox / "zeros.csv", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    with socket.socket(socket.AF_UNIX) as listener, _within(inbox):
        listener.bind("socket.csv")

    files = [*sorted(sent.iterdir()), "elsewhere/../up.csv"]
    done = loancalls(home, "run", "--uploaded-by", "\x1b[31mme\u202e", "--", *files)
    (folder / "run.out").write_text(done.stdout, encoding="utf-8")
    (folder / "run.err").write_text(done.stderr, encoding="utf-8")
    return home


class _within:
    """A working folder for as long as it is needed: the name of a socket must be short."""

    def __init__(self, folder: Path):
        self.folder, self.before = folder, Path.cwd()

    def __enter__(self) -> None:
        os.chdir(self.folder)

    def __exit__(self, *_: object) -> None:
        os.chdir(self.before)


def test_files_of_any_name_are_loaded_each_by_itself(home: Path) -> None:
    found = loancalls(
        home,
        "query",
        "SELECT filename, rows.loan_id_text, file_uploads.status FROM file_uploads "
        "JOIN upload_rows AS rows ON rows.file_upload_id = file_uploads.id WHERE rows.loan_id_text NOT LIKE 'F%'",
        *("--format", "json"),
    ).stdout
    loaded = {row["filename"]: (row["loan_id_text"], row["status"]) for row in json.loads(found)}
    meant = {name: (f"L{number}", "completed") for number, name in enumerate([*NAMES, FORGED])}
    assert loaded == meant | {"header.csv": ("H1", "completed"), "up.csv": ("U1", "completed")}


def test_names_are_never_commands_and_lead_nowhere(home: Path) -> None:
    assert sorted(path.name for path in home.parent.iterdir()) == [
        *("elsewhere", "home", "run.err", "run.out", "secret.csv", "sent", "up.csv"),
    ]
    assert list((home.parent / "elsewhere").iterdir()) == []
    assert {path.name for path in home.iterdir()} >= {"analytics.duckdb", "inbox", "lake", "warehouse.duckdb"}
    files = {path.name for path in (home / "inbox").iterdir() if path.is_file() and not path.is_symlink()}
    assert files == {*NAMES, FORGED, "formulas.csv", "header.csv", "up.csv", "manifest.csv"}


def test_links_pipes_sockets_and_devices_in_the_inbox_are_passed_over(home: Path) -> None:
    left = {path.name for path in (home / "inbox").iterdir() if path.is_symlink() or not path.is_file()}
    assert left - {"zeros.csv"} == {"link.csv", "broken.csv", "folder.csv", "loop.csv", "pipe.csv", "socket.csv"}
    sql = "SELECT count(*) AS n FROM loans WHERE loan_id = 'L999'"
    assert loancalls(home, "query", sql, "--format", "csv").stdout == "n\n0\n"
    assert hashlib.sha256(LINKED).hexdigest() not in {path.stem for path in (home / "lake" / "originals").iterdir()}


def test_names_senders_and_headers_do_not_repaint_the_terminal(home: Path) -> None:
    table = loancalls(home, "uploads")
    for said in (table.stdout, table.stderr, (home.parent / "run.out").read_text(encoding="utf-8")):
        assert repainting(said) <= {"\t"}
    for escaped in (r"\u001b[2J\u001b[1;1Hwipe.csv", r"\u009b31mred.csv", r"\u202egnp.csv", r"\u2066a\u2069.csv",
                    r"\u061cb.csv", r"\u001b[31mme\u202e", r"c\u000dd.csv", "[bold red]d.csv"):  # fmt: skip
        assert escaped in table.stdout
    assert repainting((home.parent / "run.err").read_text(encoding="utf-8")) <= {"\t"}


def test_a_name_forges_no_line_on_the_terminal(home: Path) -> None:
    lines = (home.parent / "run.out").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("Published")] == [f"Published: {home / 'analytics.duckdb'}"]


def test_a_message_about_a_file_that_is_not_there_repaints_nothing(home: Path) -> None:
    said = loancalls(home, "run", "\x1b[2J\u202eno\x9b.csv", code=2).stderr
    assert said.startswith(r"\u001b[2J\u202eno\u009b.csv cannot be read: ") and not repainting(said)


def test_formulas_are_kept_as_they_are_and_quoted_in_csv_only(home: Path) -> None:
    sql = "SELECT loan_id, employee_name FROM loans WHERE loan_id LIKE 'F%' ORDER BY loan_id"
    kept = [text.strip().removeprefix("'") for text in FORMULAS]  # a spreadsheet's mark of text
    as_json = json.loads(loancalls(home, "query", sql, "--format", "json").stdout)
    assert [row["employee_name"] for row in as_json] == kept
    as_csv = list(csv.reader(io.StringIO(loancalls(home, "query", sql, "--format", "csv").stdout)))
    assert as_csv[0] == ["loan_id", "employee_name"]
    assert [row[1] for row in as_csv[1:]] == ["'" + text if text[0] in "=+-@" else text for text in kept]
    raw = (
        "SELECT raw_data ->> 'employee_name' AS text FROM upload_rows WHERE loan_id_text LIKE 'F%' ORDER BY line_number"
    )
    exact = json.loads(loancalls(home, "query", raw, "--format", "json").stdout)
    assert [row["text"] for row in exact] == FORMULAS


def test_names_that_are_formulas_are_quoted_in_csv_only(home: Path) -> None:
    found = list(csv.DictReader(io.StringIO(loancalls(home, "uploads", "--format", "csv").stdout, newline="")))
    names = {row["filename"] for row in found}
    assert {"'=cmd|' calc'!A0.csv", "'-rf.csv", "'--full", "loans[1].csv", "~"} <= names
    as_json = {row["filename"] for row in json.loads(loancalls(home, "uploads", "--format", "json").stdout)}
    assert as_json == {*NAMES, FORGED, "formulas.csv", "header.csv", "up.csv"}


@pytest.mark.parametrize("kind", ["link", "pipe", "device"])
def test_what_is_no_file_is_refused_at_once(home: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "loans.csv"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    else:
        path.symlink_to(home.parent / "secret.csv")
    said = loancalls(home, "run", path, code=2).stderr
    assert said == f"{path} is not a regular file; name files or folders to load, not links.\n"


# --- what is no table under the name of one --------------------------------------------------------------------------


def _zip(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo("loans.csv")
        entry.size = len(BOOK)
        archive.addfile(entry, io.BytesIO(BOOK))
    return out.getvalue()


def _parquet() -> bytes:
    out = io.BytesIO()
    pl.DataFrame({"loan_id": ["L1"]}).write_parquet(out)
    return out.getvalue()


PAGE = "<!DOCTYPE html><html><body><table><tr><td>loan_id</td></tr></table></body></html>\n"
REFUSED: dict[str, tuple[str, Callable[[], bytes] | bytes]] = {
    "zip": ("archive", _zip(**{"loans.csv": BOOK})),
    "zip that leads elsewhere": ("archive", _zip(**{"..__..__etc__loans.csv": BOOK})),
    "empty zip": ("archive", _zip()),
    "gzip": ("archive", gzip.compress(BOOK)),
    "bzip2": ("archive", bz2.compress(BOOK)),
    "xz": ("archive", lzma.compress(BOOK)),
    "zstd": ("archive", bytes(pa.compress(BOOK, "zstd", asbytes=True))),
    "tar": ("archive", _tar),
    "7z": ("archive", b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(60)),
    "rar": ("archive", b"Rar!\x1a\x07\x01\x00" + bytes(60)),
    "old workbook": ("old_workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
    "binary workbook": ("old_workbook", _zip(**{"xl__workbook.bin": b"x"})),
    "damaged workbook": ("bad_workbook", b"PK\x03\x04" + bytes(100)),
    "workbook of nothing": ("bad_workbook", _zip(**{"xl__workbook.xml": b"<workbook/>"})),
    "web page": ("web_page", PAGE.encode()),
    "web page of Windows": ("web_page", b"\xff\xfe" + PAGE.encode("utf-16-le")),
    "web page below blanks": ("web_page", b"\xef\xbb\xbf\r\n  " + PAGE.lower().encode()),
    "xml": ("web_page", b'<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>\n'),
    "web archive": ("web_page", b"MIME-Version: 1.0\nX-Document-Type: Workbook\nContent-Type: multipart/related;\n"),
    "XML workbook": (
        "xml_workbook",
        b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>\n<Workbook '
        b'xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>\n',
    ),
    "JSON": ("json", b'{"Metadata": {"Total": 1}, "Calls": [{"Sid": "c1", "Status": "completed"}]}\n'),
    "JSON over lines": ("json", b'\xef\xbb\xbf[\r\n  {\r\n    "Sid": "c1",\r\n    "To": "9845012345"\r\n  }\r\n]\r\n'),
    "JSON of nothing": ("json", b"[]\n"),
    "JSON lines": ("json_lines", b'{"call_id": "c1", "to": "9845012345"}\n{"call_id": "c2", "to": null}\n'),
    "bureau": ("bureau_file", b"HDRMF0001 05032026\nCNSCRD~MF1~B1~ASHA\nADRCRD~MF1~ROAD 5\nACTCRD~MF1~L1~5000\nTRL1\n"),
    "bureau with the sign of old": ("bureau_file", b"HDRMF0001 05032026\nCNSCRD\xaaMF1\xaaB1\xaaASHA\n"),
    "bureau of groups": ("bureau_file", b"GRPCRD|G1|SELF HELP\nCNSCRD|MF1|B1|ASHA\n"),
    "bureau of consumers": ("bureau_file", b"TUDF12NB00000001                      0503202605032026\n"),
    "bureau of companies": ("bureau_file", b"HD|NB0001|05032026|01\nBS|NB0001|B1|COMPANY\n"),
    "pdf": ("pdf", b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n"),
    "picture": ("not_text", b"\x89PNG\r\n\x1a\n" + bytes(40)),
    "parquet": ("not_text", _parquet),
    "program": ("not_text", b"\x7fELF\x02\x01\x01" + bytes(60)),
    "zeros": ("not_text", bytes(5_000)),
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Everything that is refused, under the name of a CSV, in one run with a good file."""
    folder = tmp_path_factory.mktemp("refused")
    world = World(folder / "home")
    for name, (_, content) in REFUSED.items():
        world.put(f"{name}.csv", content() if callable(content) else content)
    for kind in ("sqlite", "duckdb"):
        path = folder / kind
        with (sqlite3 if kind == "sqlite" else duckdb).connect(path) as con:
            con.execute("CREATE TABLE loans AS SELECT 'L1' AS loan_id")
        world.put(f"{kind}.csv", path.read_bytes())
    world.put("good.csv", BOOK)
    return world.load()


def test_what_is_no_table_is_a_failed_upload_with_its_code(refused: World) -> None:
    found = refused.rows(
        "SELECT filename, split_part(processing_errors ->> 'message', ':', 1), status, total_records, kind "
        "FROM file_uploads WHERE filename <> 'good.csv' ORDER BY filename"
    )
    codes = {name: code for name, (code, _) in REFUSED.items()} | dict.fromkeys(("sqlite", "duckdb"), "not_text")
    assert found == sorted((f"{name}.csv", code, "failed", 0, "unknown") for name, code in codes.items())


def test_each_says_how_to_fix_it_and_none_is_lost(refused: World, tmp_path: Path) -> None:
    uploads = refused.lake.uploads().filter(pl.col("filename") != "good.csv")
    for message in uploads["message"]:
        assert message.partition("; ")[2].split()[0] in ("send", "save", "download", "open"), message
    for name, sha256 in uploads.select("filename", "sha256").rows():
        refused.lake.restore(sha256, tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == (refused.inbox.root / name).read_bytes()


def test_a_good_file_among_them_is_loaded(refused: World) -> None:
    assert refused.rows("SELECT loan_id FROM loans") == [("L1",)]
    assert refused.rows("SELECT status FROM file_uploads WHERE filename = 'good.csv'") == [("completed",)]


# --- headers and cells are text --------------------------------------------------------------------------------------

ROW = {
    "loan_id": "L1",
    "phone": "9845012345",
    '"); DROP TABLE loans; --': "'; DROP TABLE customers; --",
    "x' OR 1=1 --": "' UNION SELECT * FROM read_text('/etc/passwd') --",
    "line_number": "1); COPY (SELECT 1) TO '/tmp/x' --",
    "problem": "NULL",
    "c0": "\0nul\0",
    "record_text": "\x1b]0;title\x07\x9b31m",
    "$1": "\u202e\u2066\u200f\u061c",
    "?": "%s %d {0} ${HOME} $(id)",
    "{}": "{{7*7}}",
    "\x1b[31mred": '{"json": [1, "\\u0000"]}',
    "\u202eevil": "\\x00 \\n \\",
    "upload_id": "00000000-0000-0000-0000-000000000000",
    "_record": "\ufdd0no cell",
    "branch": "L'; DELETE FROM loans; --",
    "employee_name": "Robert'); DROP TABLE employees; --",
    "name": "Asha \u202e\x1b[2J",
}  # fmt: skip


@pytest.mark.parametrize("more", ["", "L2\0,9845012346\n", '"L2 ,x\n'], ids=["alone", "with NUL", "with a bad record"])
def test_headers_and_cells_are_text_and_nothing_more(world: World, more: str) -> None:
    world.put("a.csv", csv_bytes([ROW]) + more.encode())
    world.load()
    (raw,) = world.rows("SELECT raw_data FROM upload_rows WHERE line_number = 2")
    assert json.loads(raw[0]) == ROW
    assert world.rows("SELECT loan_id, branch, employee_name FROM loans WHERE loan_id = 'L1'") == [
        ("L1", ROW["branch"], ROW["employee_name"])
    ]
    assert world.rows("SELECT full_name FROM customers WHERE primary_phone = '+919845012345'") == [(ROW["name"],)]
    assert world.value("SELECT count(*) FROM file_uploads WHERE status LIKE 'completed%'") == 1


# --- files that change while they are read ---------------------------------------------------------------------------


def test_a_file_that_is_written_on_between_hashing_and_copying_waits(world: World, monkeypatch) -> None:
    world.put("a.csv", BOOK)
    world.put("b.csv", LATER)

    def copy(source: Path, target: Path) -> str:
        if source.name == "a.csv":
            with source.open("ab") as file:
                file.write(b"L7,98450")
        return copy_hashing(source, target)

    monkeypatch.setattr(ingest_module, "copy_hashing", copy)
    with pytest.raises(LoancallsError) as waits:
        world.ingest()
    assert str(waits.value).split(": ", 1)[1] == "the file changed while it was read; run again when it is complete."
    assert world.lake.uploads()["filename"].to_list() == ["b.csv"], "the other is read"
    assert list(world.home.staging.iterdir()) == []
    monkeypatch.undo()
    (world.inbox.root / "a.csv").write_bytes(BOOK + b"L7,9845012347\n")
    world.load()
    assert world.rows("SELECT loan_id FROM loans ORDER BY 1") == [("L1",), ("L2",), ("L7",)]


def test_a_file_that_becomes_a_link_is_not_followed(world: World, tmp_path: Path, monkeypatch) -> None:
    world.put("a.csv", BOOK)
    secret = tmp_path / "secret.csv"
    secret.write_bytes(BOOK)  # of the same bytes, so that nothing but the link is wrong

    def copy(source: Path, target: Path) -> str:
        source.unlink()
        source.symlink_to(secret)
        return copy_hashing(source, target)

    monkeypatch.setattr(ingest_module, "copy_hashing", copy)
    with pytest.raises(LoancallsError):
        world.ingest()
    assert world.lake.uploads().is_empty() and list(world.home.staging.iterdir()) == []


def test_a_file_that_grows_while_it_is_hashed_is_refused(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(BOOK)
    real = hashlib.file_digest

    def file_digest(file: object, name: str) -> object:
        with path.open("ab") as more:
            more.write(b"L2")
        return real(file, name)

    monkeypatch.setattr(hashlib, "file_digest", file_digest)
    with pytest.raises(LoancallsError, match=r"^a\.csv changed while it was read; run again when it is complete\.$"):
        hash_file(path)


def test_a_file_that_grows_while_it_is_copied_is_refused(tmp_path: Path, monkeypatch) -> None:
    path, sha256 = tmp_path / "a.csv", hashlib.sha256
    path.write_bytes(BOOK)

    class Digest:
        def __init__(self) -> None:
            self.real = sha256()

        def update(self, block: bytes) -> None:
            with path.open("ab") as more:
                more.write(b"L2")
            self.real.update(block)
            monkeypatch.undo()

        def hexdigest(self) -> str:
            return self.real.hexdigest()

    monkeypatch.setattr(hashlib, "sha256", Digest)
    with pytest.raises(LoancallsError, match=r"^a\.csv changed while it was read; run again when it is complete\.$"):
        copy_hashing(path, tmp_path / "copy.csv")


@pytest.mark.parametrize("when", ["before it is read", "after it"])
@pytest.mark.parametrize("how", ["other bytes", "a link"])
def test_a_file_that_changes_while_it_is_taken(world: World, tmp_path: Path, monkeypatch, how: str, when: str) -> None:
    """It is refused, or what is in the inbox are the bytes that were named, with the sender and time that were."""
    source, secret = tmp_path / "a.csv", tmp_path / "secret.csv"
    source.write_bytes(BOOK)
    secret.write_bytes(LATER)

    def copy(path: Path, target: Path) -> str:
        if when == "after it":
            sha256 = copy_hashing(path, target)
        if how == "a link":
            source.unlink()
            source.symlink_to(secret)
        else:
            source.write_bytes(LATER)
        return sha256 if when == "after it" else copy_hashing(path, target)

    monkeypatch.setattr(inbox_module, "copy_hashing", copy)
    with suppress(LoancallsError):
        world.inbox.take(source, "asha", datetime(2026, 3, 1))
    found = [(file.sha256, file.sighting.uploaded_by, file.sighting.uploaded_at) for file in world.inbox.files()]
    assert found in ([], [(hashlib.sha256(BOOK).hexdigest(), "asha", datetime(2026, 3, 1))])


# --- manifests and hidden files --------------------------------------------------------------------------------------


@pytest.fixture
def pipe(world: World) -> Iterator[list[str]]:
    """A pipe named as a manifest; what it yields is filled as soon as somebody opens it to read."""
    path, opened = world.inbox.root / "manifest.csv", []
    os.mkfifo(path)

    def write() -> None:
        with path.open("w", encoding="utf-8"):
            opened.append("opened")

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    yield opened
    if not opened:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    thread.join(timeout=10)


def test_a_pipe_named_as_a_manifest_is_never_waited_for(world: World, pipe: list[str]) -> None:
    (world.inbox.root / "a.csv").write_bytes(BOOK)
    assert [file.path.name for file in world.inbox.files()] == ["a.csv"]
    with suppress(LoancallsError):
        world.put("b.csv", LATER, by="asha")
    assert pipe == []


def test_a_link_named_as_a_manifest_is_not_followed(world: World, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("filename,uploaded_by,uploaded_at\na.csv,mallory,2020-01-01\n", encoding="utf-8")
    (world.inbox.root / "manifest.csv").symlink_to(outside)
    (world.inbox.root / "a.csv").write_bytes(BOOK)
    with suppress(LoancallsError):
        assert [file.sighting.uploaded_by for file in world.inbox.files()] != ["mallory"]
    assert outside.read_text(encoding="utf-8").startswith("filename,uploaded_by,uploaded_at\na.csv,mallory,")


def test_a_hidden_file_that_is_named_is_loaded_or_refused(world: World, tmp_path: Path) -> None:
    """The inbox passes over hidden files; a file that a person names must not be passed over without a word."""
    path = tmp_path / ".loans.csv"
    path.write_bytes(BOOK)
    try:
        world.inbox.take(path)
    except UsageError:
        return
    assert len(world.inbox.pending(world.lake)) == 1


# --- names that are patterns, and sizes ------------------------------------------------------------------------------


def test_the_lake_of_a_home_whose_name_is_a_pattern_can_be_asked(tmp_path: Path) -> None:
    """What `loancalls uploads` and every run ask of it; the home beside it, which the pattern finds, is another."""
    for name, content in (("hoxme 'q'", LATER), ("ho[x]me 'q'", BOOK)):
        world = World(tmp_path / name)
        world.put("a.csv", content, by="asha")
        world.ingest()
        (upload,) = world.lake.uploads().to_dicts()
        sha256 = hashlib.sha256(content).hexdigest()
        assert (upload["sha256"], upload["filename"], upload["uploaded_by"]) == (sha256, "a.csv", "asha")
        assert world.lake.facts(sha256).records == 1
        assert world.lake.rows(sha256, "loan_book").collect()["loan_id"].to_list() == [content.decode()[14:16]]


def test_a_large_file_is_read_with_little_memory(tmp_path: Path) -> None:
    world = World(tmp_path / "home", memory_limit="100MB", threads="1")
    lines = [f"L{number},{9_000_000_000 + number},{'Asha Rao ' * 5}{number},{number}.50" for number in range(150_000)]
    world.put("large.csv", "loan_id,phone,name,outstanding\n" + "\n".join(lines) + "\n")
    world.ingest()
    (upload,) = world.lake.uploads().to_dicts()
    assert (upload["kind"], upload["records"], upload["message"]) == ("loan_book", 150_000, None)
