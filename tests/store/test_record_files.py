"""Records of ours on their way into the lake: files that are written as a whole, and uploads like any other."""

import json
import shutil
from pathlib import Path
from uuid import UUID

import polars as pl
import pytest
from stories import DAY, frame, ours, state
from support import World

from models.fields import CALL, CUSTOMER, FILE_UPLOAD, RECORD_FIELDS, RECORD_KINDS
from orchestration.ingest.inbox import partition_key
from orchestration.ingest.run import ingest
from orchestration.store.hashing import hash_file, short_hash
from orchestration.store.records import API, IMPORT, RecordFile, read_head, waiting, write_records

ASHA = {"entity_id": ours("asha"), "phone": " 98450 12345 ", "full_name": "Asha", "email": ""}
RAVI = {"entity_id": ours("ravi"), "phone": "9.8E+09", "state": "Goa"}


def records_of(world: World, kind: str, sha256: str) -> list[dict]:
    return world.lake.rows(sha256, kind).collect().to_dicts()


def content_of(world: World) -> dict[str, bytes]:
    """Every file of the lake by its path; the inbox's index aside, which is a memory and no content."""
    return {
        str(path.relative_to(world.home.lake)): path.read_bytes()
        for path in sorted(world.home.lake.rglob("*"))
        if path.is_file() and path.name != "inbox_index.json"
    }


def test_what_the_lake_holds_of_records(world: World) -> None:
    sha256 = state(world, CUSTOMER, ASHA, RAVI)
    (path,) = world.home.records.iterdir()
    said, original = read_head(path), path.read_bytes()
    assert (said.kind, said.source, said.uploaded_by, said.uploaded_at) == ("customer", "api", "asha", DAY)
    world.ingest()
    assert not list(waiting(world.home)), "nobody else put it there, so it is gone"
    (upload,) = world.lake.uploads().to_dicts()
    assert {name: upload[name] for name in ("kind", "source", "records", "physical_lines", "message", "filename")} == {
        **{"kind": "customer", "source": "api", "records": 2, "physical_lines": 3, "message": None},
        "filename": "api-1-1.customer.jsonl",
    }
    assert (upload["uploaded_by"], upload["uploaded_at"], upload["file_bytes"]) == ("asha", DAY, len(original))
    first, second = records_of(world, CUSTOMER, sha256)
    assert (first["line_number"], second["line_number"]) == (2, 3)
    assert json.loads(first["raw_data"]) == dict.fromkeys(("entity_id", *RECORD_FIELDS[CUSTOMER])) | ASHA
    assert (first["phone"], first["email"], first["state"]) == ("98450 12345", None, None)
    assert first["row_fingerprint"] != second["row_fingerprint"] and first["problem"] is None
    phones = pl.read_parquet(world.home.lake / "phones" / f"{sha256}.parquet").to_dicts()
    assert {row["phone_text"]: row["phone"] for row in phones} == {"98450 12345": "+919845012345", "9.8E+09": None}
    world.lake.restore(sha256, world.home.root / "restored")
    assert (world.home.root / "restored").read_bytes() == original


def test_the_same_records_twice_are_one_upload(world: World) -> None:
    first = state(world, CUSTOMER, ASHA, RAVI)
    assert state(world, CUSTOMER, ASHA, RAVI) == first, "the same name, so there is one file"
    assert len(world.ingest()) == 1
    before = content_of(world)
    assert state(world, CUSTOMER, ASHA, RAVI) == first
    assert world.inbox.pending(world.lake) == []
    world.inbox.clear(world.lake)
    assert not list(waiting(world.home)) and content_of(world) == before
    assert state(world, CUSTOMER, RAVI, ASHA) != first


def test_two_files_of_one_name_wait_both(world: World) -> None:
    shas = {state(world, CUSTOMER, ASHA), state(world, CUSTOMER, RAVI)}
    assert len(world.ingest()) == 2
    assert {*world.lake.uploads()["sha256"]} == shas


def test_no_records_are_no_file(world: World) -> None:
    head = RecordFile(CUSTOMER, API, "api-1-1.customer.jsonl", "asha", DAY)
    assert write_records(world.home, head, [frame(CUSTOMER, []), frame(CUSTOMER, [])]) is None
    assert not world.home.records.exists() or not list(world.home.records.iterdir())
    assert not list(world.home.staging.iterdir())


def test_records_come_in_batches_and_are_numbered_through(world: World) -> None:
    head = RecordFile(CUSTOMER, API, "api-1-1.customer.jsonl", "asha", DAY)
    done: list[int] = []
    batches = [frame(CUSTOMER, [ASHA, RAVI]), frame(CUSTOMER, []), pl.DataFrame({"entity_id": [ours("binu")]})]
    path = write_records(world.home, head, batches, done.append)
    assert path is not None and done == [2, 3]
    sha256 = hash_file(path)
    world.ingest()
    rows = records_of(world, CUSTOMER, sha256)
    assert [(row["line_number"], str(UUID(bytes=row["entity_id"]))) for row in rows] == [
        *((2, ours("asha")), (3, ours("ravi")), (4, ours("binu")))
    ]


def test_a_file_that_was_not_written_to_its_end_is_not_there(world: World) -> None:
    def batches():
        yield frame(CUSTOMER, [ASHA])
        raise RuntimeError("the database went away")

    head = RecordFile(CUSTOMER, IMPORT, "lender.customers.jsonl", "import", DAY)
    with pytest.raises(RuntimeError, match="went away"):
        write_records(world.home, head, batches())
    assert not list(waiting(world.home)) and not list(world.home.staging.iterdir())


def test_files_of_people_are_never_taken_for_records(world: World) -> None:
    """However a file in the inbox looks, only our own code writes where records wait."""
    state(world, CUSTOMER, ASHA)
    (path,) = world.home.records.iterdir()
    world.put("api-2-2.customer.jsonl", path.read_bytes().replace(b"Asha", b"Eve"))
    world.load()
    kinds = world.rows("SELECT kind, source FROM file_uploads ORDER BY ALL")
    assert kinds == [("customer", "api"), ("unknown", "file")]
    assert world.rows("SELECT full_name FROM customers") == [("Asha",)]


def test_records_that_are_read_again_are_the_same(world: World) -> None:
    """From the original in the lake; as records, though nothing waits any more."""
    said = {kind: {"entity_id": ours(kind)} for kind in RECORD_KINDS}
    said[CUSTOMER] |= ASHA
    shas = {kind: state(world, kind, record, name=f"api-{number}-{number}") for number, (kind, record) in
            enumerate(said.items(), 1)}  # fmt: skip
    world.ingest()
    before = content_of(world)
    shutil.rmtree(world.home.lake / "upload_rows")
    shutil.rmtree(world.home.lake / "phones")
    keys = [partition_key(filename, sha256) for filename, sha256 in world.lake.named([])]
    assert len(keys) == len(shas) and {key.split("~")[1] for key in keys} == {*map(short_hash, shas.values())}
    facts = ingest(world.home, world.settings, keys)
    assert {(fact.kind, fact.source, fact.records) for fact in facts} == {(kind, "api", 1) for kind in RECORD_KINDS}
    assert content_of(world) == before


TEXTS = [
    *("ಆಶಾ ₹ 😀", "two\nlines", "three\r\nlines", "\ttab\t", 'a "quoted" word', "back\\slash \\n \\u0041"),
    *(
        "\x01\x02\x1f\x7f",
        "\u2028\u2029",
        "\u200fbidi",
        "{'a': 1}",
        '{"line_number": 7}',
        "NULL",
        "null",
        "\u00e9",
        "e\u0301",
    ),
    *("'; DROP TABLE customers; --", "=1+1", "\ufeffmark", "\u00a0", "zero\x00byte"),
]


def test_text_arrives_exactly_as_it_was_stated(world: World) -> None:
    stated = [{"entity_id": ours(str(number)), "full_name": f"<{text}>"} for number, text in enumerate(TEXTS)]
    sha256 = state(world, CUSTOMER, *stated)
    world.ingest()
    rows = records_of(world, CUSTOMER, sha256)
    assert [row["full_name"] for row in rows] == [f"<{text}>" for text in TEXTS]
    assert [json.loads(row["raw_data"])["full_name"] for row in rows] == [f"<{text}>" for text in TEXTS]
    world.build()
    assert world.value("SELECT count(DISTINCT full_name) FROM customers") == len(TEXTS)


def test_a_record_may_be_longer_than_what_is_read_at_once(world: World) -> None:
    """A conversation of 17 MB between two short ones, with what JSON must escape."""
    long = json.dumps({"said": "ಸರಿ\n" * 1_600_000}, ensure_ascii=False)
    texts = ["{}", long, json.dumps({"said": long[: 1 << 20]}, ensure_ascii=False), "{}"]
    stated = [{"entity_id": ours(f"c{number}"), "call_sid": f"c{number}", "status": "busy", "call_metadata": text}
              for number, text in enumerate(texts)]  # fmt: skip
    sha256 = state(world, CALL, *stated)
    ((path, _),) = waiting(world.home)
    assert max(map(len, path.read_bytes().splitlines())) > 1 << 24
    world.ingest()
    rows = records_of(world, CALL, sha256)
    assert [row["call_metadata"] for row in rows] == texts
    assert json.loads(rows[1]["raw_data"])["call_metadata"] == long
    world.build()
    assert world.value("SELECT max(length(call_metadata)) FROM call_sessions") == len(long)


def test_names_of_record_files_are_put_into_safe_words(world: World, tmp_path: Path) -> None:
    head = RecordFile(CUSTOMER, IMPORT, "../../len der'.customers.jsonl", "import", DAY)
    path = write_records(world.home, head, [frame(CUSTOMER, [ASHA])])
    assert path is not None and path.parent == world.home.records
    assert not list(tmp_path.glob("*.jsonl"))
    world.ingest()
    assert world.lake.uploads()["filename"].to_list() == ["../../len der'.customers.jsonl"]


def test_what_an_upload_says_of_its_errors_need_not_be_json(world: World) -> None:
    said = {"json": '[{"row": 4, "error": "loan ₹"}]', "no json": "row 4: 'loan' {"}
    stated = [{"entity_id": ours(name), "processing_errors": text} for name, text in said.items()]
    state(world, FILE_UPLOAD, *stated, source=IMPORT)
    world.load()
    found = dict(world.rows("SELECT CAST(id AS VARCHAR), CAST(processing_errors AS VARCHAR) FROM file_uploads"))
    assert json.loads(found[ours("json")]) == [{"row": 4, "error": "loan ₹"}]
    assert json.loads(found[ours("no json")]) == "row 4: 'loan' {"
