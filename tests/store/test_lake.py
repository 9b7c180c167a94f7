"""The lake: everything that was received, exactly, once, whole, and readable by its owner only."""

import hashlib
import io
import json
import os
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
import xlsxwriter
from support import World

from orchestration.ingest.run import Stated, ingest
from orchestration.store.facts import READING, Sighting
from orchestration.store.lake import upload_id_of

BOOK = b'\xef\xbb\xbfloan_id,phone,name,phone\r\nL1,98450 12345,"Asha ""A""",\r\n\r\nL2,9.8E+09,Ravi,0\r\n'
BOOK += b"L3,a,b,c,d\r\n"
CALLS = b"CallSid|Status|To\nC1|completed|09845012345\n"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def records(world: World, content: bytes) -> list[dict]:
    (path,) = (world.home.lake / "upload_rows").glob(f"*/{sha(content)}.parquet")
    return pl.read_parquet(path, hive_partitioning=False).to_dicts()


def content_of(world: World) -> dict[str, bytes]:
    """Every file of the lake by its path; the inbox's index aside, which is a memory and no content."""
    return {
        str(path.relative_to(world.home.lake)): path.read_bytes()
        for path in sorted(world.home.lake.rglob("*"))
        if path.is_file() and path.name != "inbox_index.json"
    }


def test_what_the_lake_holds_of_an_upload(world):
    world.put("a.csv", BOOK, "2026-03-01 04:00", "asha")
    world.ingest()
    assert set(content_of(world)) == {
        f"originals/{sha(BOOK)}.zst",
        f"upload_rows/loan_book/{sha(BOOK)}.parquet",
        f"phones/{sha(BOOK)}.parquet",
        f"uploads/{sha(BOOK)}.parquet",
        *(name for name in content_of(world) if name.startswith(f"sightings/{sha(BOOK)}.")),
    }
    assert world.lake.uploads().to_dicts() == [
        {
            "upload_id": upload_id_of(sha(BOOK)),
            "sha256": sha(BOOK),
            "kind": "loan_book",
            "source": "file",
            "records": 3,
            "header_lines": 1,
            "record_lines": 3,
            "blank_lines": 1,
            "other_lines": 0,
            "physical_lines": 5,
            "file_bytes": len(BOOK),
            "encoding": "utf-8-sig",
            "delimiter": ",",
            "speed": "careful",
            "message": None,
            "notes": '{"header_line": 1, "renamed_columns": {"phone 2": 4}, "unused_columns": ["phone"]}',
            "column_mapping": '{"full_name": ["name"], "phone": ["phone"], "loan_id": ["loan_id"]}',
            "reading": READING,
            "vocabulary": None,
            "filename": "a.csv",
            "uploaded_by": "asha",
            "uploaded_at": datetime(2026, 3, 1, 4),
            "time_from": "stated",
            "made_at": None,
            "made_by": None,
            "is_withdrawn": False,
        }
    ]
    first, second, third = records(world, BOOK)
    assert json.loads(first["raw_data"]) == {
        "loan_id": "L1",
        "phone": "98450 12345",
        "name": 'Asha "A"',
        "phone 2": "",
    }
    assert [row["line_number"] for row in (first, second, third)] == [2, 4, 5]
    assert (second["loan_id"], second["phone"], second["full_name"], second["email"]) == (
        "L2",
        "9.8E+09",
        "Ravi",
        None,
    )
    assert json.loads(third["raw_data"]) == {"_record": "L3,a,b,c,d"}
    assert (third["loan_id"], third["problem"].split(":")[0]) == (None, "wrong_field_count")
    phones = pl.read_parquet(world.home.lake / "phones" / f"{sha(BOOK)}.parquet").rows_by_key("phone_text")
    assert {text: found[0][1:] for text, found in phones.items()} == {
        "98450 12345": ("+919845012345", None, None),
        "9.8E+09": (
            None,
            None,
            "has lost digits to an exponent; format the column as text and send the file again",
        ),
    }


KINDS = [
    (BOOK, "loan_book", None),
    (CALLS, "call_log", None),
    (b"", "unknown", "the file is empty; if it should hold data, send it again"),
    (b"a,b\n1,2\n", "unknown", "its header has neither a loan id (loan_id, loan_number, loan_account_number, "
     "LAN, agreement_no) nor a call id (call_sid, call_id, uniqueid); name that column in the first line, or say in "
     "columns.toml which it is"),
    (b"sid,x\n1,2\n", "call_log",
     "it has a call id, so it is a call log, but no column that says what came of a call; add status"),
    (b"loan_id," * 2001, "unknown",
     "too_many_columns: the table has 2,002 columns, more than the 2,000 that are read; leave some out"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "kind", "message"), KINDS)
def test_the_header_tells_the_kind(world, content, kind, message):
    world.put("a.csv", content)
    world.ingest()
    upload = world.lake.uploads().to_dicts()[0]
    assert (upload["kind"], upload["message"]) == (kind, message)
    assert len(records(world, content)) == upload["records"]


def a_book(*rows: list[object]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(rows):
            sheet.write_row(number, 0, cells)
    return out.getvalue()


NO_HEADER = "it has no header, its first line looks like a record; name the columns in the first line"
UNKNOWN_HEADER = "its header has neither a loan id"
EMPTY = "the file is empty; if it should hold data, send it again"
PASSWD = b"root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
ROWS = b"L1,Asha,9845012345,5000\nL2,Binu,9845012346,6000\n"
# (content, how it is read, records, message)
WITHOUT_HEADER = {
    "clean": (ROWS, "fast", 2, NO_HEADER),
    "careful": (ROWS.replace(b"Asha", b'"As"ha'), "careful", 2, NO_HEADER),
    "workbook": (a_book(["L1", 9845012345, 5000], ["L2", 9845012346, 6000]), "workbook", 2, NO_HEADER),
    "semicolons": (ROWS.replace(b",", b";"), "fast", 2, NO_HEADER),
    "tabs": (ROWS.replace(b",", b"\t"), "fast", 2, NO_HEADER),
    "pipes": (ROWS.replace(b",", b"|"), "fast", 2, NO_HEADER),
    "UTF-16": (ROWS.decode().encode("utf-16"), "fast", 2, NO_HEADER),
    "calls": (b"c1,2026-03-05 10:00:00,busy,45\nc2,2026-03-05 11:00:00,busy,0\n", "fast", 2, NO_HEADER),
    "passwd": (PASSWD, "fast", 2, NO_HEADER),
    "one record": (ROWS.split(b"\n")[0], "fast", 1, NO_HEADER),
    "one record of a workbook": (a_book(["L1", 9845012345, 5000]), "workbook", 1, NO_HEADER),
    "one column": (b"9845012345\n9845012346\n9845012347\n", "fast", 3, NO_HEADER),
    "one cell": (b"9845012345\n", "fast", 1, NO_HEADER),
    "one column of names": (b"Asha\nBinu\nChitra\n", "fast", 2, UNKNOWN_HEADER),
    "a word": (b"hello\n", "fast", 0, UNKNOWN_HEADER),
    "header only": (b"a,b,c\n", "fast", 0, UNKNOWN_HEADER),
    "header of a workbook only": (a_book(["a", "b"]), "workbook", 0, UNKNOWN_HEADER),
    "known header only": (b"loan_id,phone\n", "fast", 0, None),
    "known header above blank lines": (b"loan_id,phone\n\n\n", "fast", 0, None),
    **{f"blank {number}": (content, "careful", 0, EMPTY)
       for number, content in enumerate([b"", b"\n\n\n", b",,,\n,,,\n", b" \n\t\n", b"\xef\xbb\xbf", b"\xff\xfe"])},
}  # fmt: skip


@pytest.mark.parametrize(("content", "speed", "count", "message"), WITHOUT_HEADER.values(), ids=WITHOUT_HEADER)
def test_only_an_empty_file_is_called_empty(world, content, speed, count, message):
    world.put("a.csv", content)
    world.ingest()
    upload = world.lake.uploads().to_dicts()[0]
    said = upload["message"]
    assert (upload["speed"], upload["records"]) == (speed, count)
    assert said is None if message is None else said.startswith(message)
    assert len(records(world, content)) == upload["records"]


def test_calls_of_a_known_shape_need_no_header(world):
    line = (
        '"","801","09845012345","out","""Desk"" <801>","SIP/801-1","SIP/t-1","Dial","SIP/t/1,60","2026-03-05 10:12:44",'
        '{},"2026-03-05 10:13:55",71,{},"{}","DOCUMENTATION","1772685764.2{}","LN-7"\n'
    )
    content = line.format('"2026-03-05 10:12:57"', 58, "ANSWERED", 1) + line.format("", 0, "NO ANSWER", 2)
    world.put("Master.csv", content)
    world.ingest()
    upload = world.lake.uploads().to_dicts()[0]
    assert (upload["header_lines"], upload["records"], upload["speed"]) == (0, 2, "fast")
    assert not (upload["message"] or "").startswith((NO_HEADER, EMPTY))
    (first, second) = [json.loads(row["raw_data"]) for row in records(world, content.encode())]
    assert (first["accountcode"], first["dst"], first["disposition"]) == ("", "09845012345", "ANSWERED")
    assert (second["answer"], second["uniqueid"], second["userfield"]) == ("", "1772685764.22", "LN-7")
    assert "Asterisk's Master.csv" in upload["notes"]


TEXTS = [
    " leading",
    "trailing ",
    "\ttab\t",
    'a "quoted" word',
    "two\nlines",
    "three\r\nlines",
    "é ₹ आशा 😀",
    "\u200fbidi",
]
TEXTS += ["\x01", "\\n", "{'a': 1}", "NULL", "", "   ", "=1+1", "'; DROP TABLE x; --", "\u00a0"]


def test_raw_data_is_the_exact_text_of_every_cell(world):
    header = ["loan_id", 'the "big" one', "", "LOAN_ID", "new\nline", "', x", "line_number", "problem"]
    rows = [{name: text + str(column) * bool(text) for column, name in enumerate(header)} for text in TEXTS]
    world.put("a.csv", rows)
    world.ingest()
    keys = [
        "loan_id",
        'the "big" one',
        "column 3",
        "LOAN_ID 2",
        "new\nline",
        "', x",
        "line_number",
        "problem",
    ]
    content = (world.inbox.root / "a.csv").read_bytes()
    found = records(world, content)
    rows = [row for row in rows if any(row.values())]  # one of blank cells alone is a blank line
    meant = [dict(zip(keys, row.values(), strict=True)) for row in rows]
    assert [json.loads(row["raw_data"]) for row in found] == meant
    bare = [row["loan_id"].strip(" \t\r\n\u00a0").removeprefix("'").strip() or None for row in rows]
    assert [row["loan_id"] for row in found] == bare
    assert len({row["row_fingerprint"] for row in found}) == len(rows)


def test_equal_records_have_equal_fingerprints_and_others_not(world):
    content = b"loan_id,name\nL1,A\nL1,A\nL1,A \nL1,\n,L1\n"
    world.put("a.csv", content)
    world.ingest()
    prints = [row["row_fingerprint"] for row in records(world, content)]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 4


def test_the_same_bytes_twice_are_one_upload_with_two_sightings(world):
    world.put("late.csv", BOOK, "2026-03-05", "ravi")
    world.ingest()
    before = content_of(world)
    world.put("early.csv", BOOK, "2026-03-01", "asha")
    assert len(world.ingest()) == 1
    after = content_of(world)
    assert {name: after[name] for name in before} == before
    assert [name.split("/")[0] for name in set(after) - set(before)] == ["sightings"]
    assert world.lake.uploads().select("filename", "uploaded_by", "uploaded_at").rows() == [
        ("early.csv", "asha", datetime(2026, 3, 1))
    ]


def test_uploads_are_in_the_order_they_were_sent(world):
    at = {b"loan_id\nL1\n": "2026-03-02", b"loan_id\nL2\n": "2026-03-01", b"loan_id\nL3\n": "2026-03-02"}
    for number, (content, moment) in enumerate(at.items()):
        world.put(f"{number}.csv", content, moment)
    world.ingest()
    meant = sorted((moment, sha(content)) for content, moment in at.items())
    assert world.lake.uploads()["sha256"].to_list() == [sha256 for _, sha256 in meant]


@pytest.mark.parametrize("content", [BOOK, b"", bytes(range(256)) * 50_000, CALLS.decode().encode("utf-16")])
def test_originals_come_back_byte_for_byte(world, tmp_path, content):
    world.put("a.csv", content)
    (key,) = world.ingest()
    world.lake.restore(sha(content), tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content
    assert (world.lake.has(sha(content)), world.lake.has(sha(b"other"))) == (True, False)
    assert world.lake.find(key.split("~")[1]) == sha(content)


def test_reading_again_from_the_original_gives_the_same(world):
    world.put("a.csv", BOOK, "2026-03-01", "asha")
    (key,) = world.ingest()
    before, state = content_of(world), world.lake.state()
    (world.inbox.root / "a.csv").unlink()
    ingest(world.home, world.settings, [key])
    assert content_of(world) == before
    assert world.lake.state() != state  # so that what comes after is built again


def test_what_a_caller_states_counts_before_the_manifest(world):
    world.put("a.csv", BOOK, "2026-03-01", "asha")
    key = world.inbox.files()[0].partition_key
    ingest(world.home, world.settings, [key], Stated("ravi", "2026-02-01T05:30"))
    row = world.lake.uploads().to_dicts()[0]
    assert (row["uploaded_by"], row["uploaded_at"]) == ("ravi", datetime(2026, 2, 1))
    sighting = Sighting("a.csv", "ravi", datetime(2026, 2, 1))
    assert world.lake.has_sighting(sha(BOOK), sighting)
    assert not world.lake.has_sighting(sha(BOOK), Sighting("a.csv", "asha", datetime(2026, 2, 1)))


class Killed(BaseException):
    """The process is gone; no handler of ours may take it for an error."""


@pytest.mark.parametrize("writes", range(10))
def test_a_crash_between_any_two_writes_leaves_nothing_half_done(new_world, monkeypatch, writes):
    whole, broken = new_world(), new_world()
    for world in (whole, broken):
        world.put("a.csv", BOOK, "2026-03-01", "asha")
        world.put("b.csv", CALLS, "2026-03-02", "ravi")
    whole.ingest()
    keys = [file.partition_key for file in broken.inbox.pending(broken.lake)]
    real, done = os.replace, []

    def replace(source: Path, target: Path) -> None:
        if len(done) == writes:
            raise Killed
        real(source, target)
        done.append(Path(target).name)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(Killed):
        ingest(broken.home, broken.settings, keys)
    monkeypatch.undo()
    whole_at_the_end = content_of(whole)
    left = content_of(broken)
    assert left.items() <= whole_at_the_end.items()
    # An upload is complete when all of it is there, and waiting as long as anything is missing.
    waiting = {file.sha256 for file in broken.inbox.pending(broken.lake)}
    missing = {name.split("/")[-1].split(".")[0] for name in set(whole_at_the_end) - set(left)}
    assert waiting == missing
    broken.ingest()
    assert content_of(broken) == whole_at_the_end
    assert broken.inbox.pending(broken.lake) == []


def test_an_upload_that_cannot_be_got_at_does_not_keep_the_others_waiting(world):
    world.put("a.csv", BOOK)
    keys = ["gone.csv~0123456789abcdef", world.inbox.files()[0].partition_key]
    with pytest.raises(Exception, match=r"^gone.csv~0123456789abcdef: it is neither in the inbox nor in the lake;"):
        ingest(world.home, world.settings, keys)
    assert world.lake.has(sha(BOOK))


def test_only_the_owner_can_read_the_lake(world):
    umask = os.umask(0)
    try:
        world.home.prepare()
        world.put("a.csv", BOOK)
        world.ingest()
    finally:
        os.umask(umask)
    modes = {path.stat().st_mode & 0o777 for path in world.home.lake.rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in [world.home.lake, *world.home.lake.rglob("*")] if path.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})
    assert list(world.home.staging.iterdir()) == []


def test_the_lake_is_plain_parquet_that_anyone_can_query(world):
    world.put("a.csv", BOOK)
    world.put("b.csv", CALLS)
    world.ingest()
    rows = f"{world.home.lake}/upload_rows/*/*.parquet"
    with duckdb.connect() as con:
        found = con.execute("SELECT count(*) FROM read_parquet(?, union_by_name = true)", [rows]).fetchone()
    assert found == (4,)


def test_a_file_read_anew_as_another_kind_leaves_no_rows_behind(world):
    """What a reader with fewer names took for unknown is a loan book to a later one: its rows count once."""
    world.put("a.csv", BOOK)
    world.ingest()
    (rows,) = world.lake.files("upload_rows/loan_book")
    stale = world.home.lake / "upload_rows" / "unknown" / rows.name
    stale.parent.mkdir(exist_ok=True)
    stale.write_bytes(rows.read_bytes())
    (file,) = world.inbox.files()
    ingest(world.home, world.settings, [file.partition_key])
    assert not stale.exists() and world.lake.files("upload_rows/loan_book") == [rows]


def test_of_each_kind_of_other_lines_the_first_are_named_and_all_are_counted(world):
    content = b"loan_id,name\n" + b"L1,A\nloan_id,name\n" * 150 + b"Total,\n"
    world.put("a.csv", content)
    world.ingest()
    facts = world.lake.facts(sha(content))
    notes = json.loads(facts.notes)
    assert notes["other_line_counts"] == {"repeated_header": 150, "totals": 1}
    assert len([span for span in notes["other_lines"] if span[0] == "repeated_header"]) == 100
    assert notes["other_lines"][-1] == ["totals", 302, 302]
    assert facts.other_lines == 151
