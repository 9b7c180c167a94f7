"""Phone numbers: what people write, and that the fast path and the library never disagree."""

import re

import duckdb
import phonenumbers
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.phones import LOST_DIGITS, NOT_VALID, normalize, numbers_in
from orchestration.ingest.store import _write_phones
from orchestration.store.lake import upload_id_of

MOBILE = "+919876543210"
# fmt: off
EXAMPLES = {
    MOBILE: [
        "98765 43210", "09876543210", "+91-98765-43210", "919876543210", "00919876543210", "9876543210.0",
        "9876543210", "+91 98765 43210", "(+91) 98765-43210", "0091 98765 43210", "98765-43210",
        "98765.43210", "9876543210.00", "\u202a+919876543210\u202c", "98765\u00a043210", "98765\u201343210",
        "'9876543210", "+91 (0) 98765 43210", "919876543210.0", "tel: 98765 43210", "९८७६५४३२१०",
        # Of several phones in a cell the first valid one counts.
        "9876543210 / 9845012345", "12345 / 9876543210", "9876543210, 9845012345", "9876543210;9845012345",
        "9876543210\n9845012345", "9876543210 9845012345", "9876543210 or 9845012345", "NA / 98765 43210",
        "0000000000 / 9876543210", "98765 43210 & 98450 12345", "9000000000 / 98765 43210",
        # Notes, prefixes and addresses around it.
        "98765 43210 (Husband)", "(wife) 98765 43210", "98765 43210 Husband", "98765 43210 (98450 12345)",
        "9876543210-9845012345", "98765-43210 98450-12345", "98765 43210 - 98450 12345", "9876543210*", "M-9876543210",
        "+9876543210",
        "+91-09876543210", "0919876543210", "091 98765 43210", "sip:+919876543210@host.example.com", '"A" <9876543210>',
        "sip:9876543210@103.21.58.193", "SIP/trunk1/09876543210", "tel:+91-98765-43210;phone-context=x",
        "9876543210 ext 12", "9876543210/80", "91-98765-43210;wife 9845012345",
    ],
    "+916123456789": ["6123456789"],  # a series that is in use before the metadata knows it
    "+918025551234": ["080-25551234", "080 2555 1234", "+91 80 2555 1234", "(080) 25551234"],
    "+14155552671": ["+1 415-555-2671", "0014155552671"],
    "+447400123456": ["+44 7400 123456"],
    "+971501234567": ["+971 50 123 4567", "00971501234567"],
}
# fmt: on
ABSENT = [
    "NA",
    "n/a",
    "#N/A",
    "nil",
    "None",
    "null",
    "nan",
    "-",
    "0",
    "0000000000",
    "9999999999",
    "xxx",
    "---",
]
ABSENT += [
    "1234567890",
    "0123456789",
    "+91 12345 67890",
    "9000000000",
    "+91 90000 00000",
    "07000000000",
    "9000000000.0",
]
ABSENT += ["+91 99999 99999", "99999-99999", "09999999999", "00000 00000", "--"]
INVALID = ["12345", "98765", "5076543210", "98765432101", "abc", "+1 555", "call the office", "00000012345", "1/" * 300]
EXPONENTS = ["9.87654E+09", "9.87654321E9", "9,87654E+09", "9E+09", "9.87654e+09", " 9.19877E+11 "]


@pytest.mark.parametrize(("text", "number"), [(text, number) for number, texts in EXAMPLES.items() for text in texts])
def test_numbers_become_e164(text, number):
    assert normalize(text) == (number, None)


@pytest.mark.parametrize("text", [*ABSENT, "", "  ", None])
def test_absent_numbers_are_no_numbers_and_no_errors(text):
    assert normalize(text) == (None, None)


@pytest.mark.parametrize("text", INVALID)
def test_what_is_no_number_says_so(text):
    assert normalize(text) == (None, NOT_VALID)


@pytest.mark.parametrize("text", EXPONENTS)
def test_an_exponent_has_lost_digits(text):
    assert normalize(text) == (None, LOST_DIGITS)
    assert LOST_DIGITS == "has lost digits to an exponent; format the column as text and send the file again"


FURTHER = {
    "98765 43210 / 98450 12345": [MOBILE, "+919845012345"],
    "9876543210,9845012345;9876543210": [MOBILE, "+919845012345"],
    "9876543210-9845012345": [MOBILE, "+919845012345"],
    "+919876543210 +919845012345": [MOBILE, "+919845012345"],
    "98765 43210 (wife 98450 12345)": [MOBILE, "+919845012345"],
    "91 98765 43210, 080 25551234 & +1 415-555-2671": [MOBILE, "+918025551234", "+14155552671"],
    "12345 / 9876543210 / 9000000000": [MOBILE],
    "98765432109845012345": [],
}


@pytest.mark.parametrize("text", FURTHER)
def test_a_cell_may_hold_several_numbers(text):
    assert numbers_in(text)[0] == FURTHER[text]


@pytest.mark.parametrize("text", ["909876543210", "99876543210", "9919876543210", "9 0 98765 43210", MOBILE])
def test_what_is_dialled_may_have_a_nine_before_it(text):
    assert numbers_in(text, is_dialled=True) == ([MOBILE], None)
    assert text == MOBILE or numbers_in(text) == ([], NOT_VALID), "in a loan book it is a digit too many"


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """What the lake stores for a column of phone texts: {text: (number, problem)}."""
    folder = tmp_path_factory.mktemp("phones")
    con = duckdb.connect()

    def store(texts: list[str]) -> dict[str, tuple[str | None, str | None]]:
        rows, target = folder / "rows.parquet", folder / "phones.parquet"
        con.sql("SELECT unnest(?::VARCHAR[]) AS phone", params=[texts]).write_parquet(str(rows))
        _write_phones(con, rows, ("phone",), upload_id_of("a"), target)
        return {row["phone_text"]: (row["phone"], row["problem"]) for row in pq.read_table(target).to_pylist()}

    yield store
    con.close()


def test_the_lake_stores_what_the_library_decides(stored):
    texts = [text for texts in EXAMPLES.values() for text in texts] + ABSENT + INVALID + EXPONENTS
    assert stored(texts) == {text: normalize(text) for text in texts}


def test_further_numbers_are_stored_beside_the_first(tmp_path):
    rows, target, other = tmp_path / "rows.parquet", tmp_path / "phones.parquet", tmp_path / "dialled.parquet"
    with duckdb.connect() as con:
        con.sql("SELECT unnest(?::VARCHAR[]) AS phone", params=[[*FURTHER, "909876543210"]]).write_parquet(str(rows))
        _write_phones(con, rows, ("phone",), upload_id_of("a"), target)
        _write_phones(con, rows, ("phone",), upload_id_of("a"), other, is_dialled=True)
    told = {
        row["phone_text"]: [row["phone"], *(row["further_phones"] or [])] for row in pq.read_table(target).to_pylist()
    }
    assert told == {text: numbers or [None] for text, numbers in FURTHER.items()} | {"909876543210": [None]}
    dialled = {row["phone_text"]: row["phone"] for row in pq.read_table(other).to_pylist()}
    assert dialled["909876543210"] == MOBILE


def test_every_text_is_stored_once_and_blank_ones_not(stored):
    assert stored(["9876543210", "9876543210", None]) == {"9876543210": (MOBILE, None)}
    assert stored([None]) == {}


@st.composite
def plain_mobiles(draw):
    """Ten digits starting 6 to 9 behind any prefix, with spaces and hyphens anywhere, or as a decimal."""
    digits = draw(
        st.one_of(st.from_regex(r"[6-9][0-9]{9}", fullmatch=True), st.sampled_from(["6" * 10, "9" * 10, "9000000000"]))
    )
    text = draw(st.sampled_from(["", "0", "91", "+91", "0091"])) + digits
    gaps = [draw(st.sampled_from(["", "", "", "", " ", "-", " - "])) for _ in text]
    spaced = "".join(char + gap for char, gap in zip(text, gaps, strict=True))
    return spaced + draw(st.sampled_from(["", "", ".0", ".00"])), digits


@settings(max_examples=25, deadline=None)
@given(st.lists(plain_mobiles(), min_size=1, max_size=30))
def test_the_fast_path_agrees_with_the_library(stored, examples):
    found = stored([text for text, _ in examples])
    for text, digits in examples:
        is_dummy = len(set(digits)) == 1 or digits[1:] == "0" * 9
        meant = (None, None) if is_dummy else ("+91" + digits, None)
        assert found[text] == normalize(text) == meant
        parsed = phonenumbers.parse("+91" + digits)
        if phonenumbers.is_valid_number(parsed) and meant[0]:
            assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == meant[0]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text("0123456789+-. ()/EeNA,\n", min_size=1, max_size=24), min_size=1, max_size=40))
def test_the_fast_path_takes_nothing_that_the_library_reads_otherwise(stored, texts):
    assert stored(texts) == {text: normalize(text) for text in texts}


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=30), st.text("0123456789+-. ()/,", max_size=30)))
def test_a_number_is_valid_by_metadata_or_ten_digits(text):
    """Any text at all gives a number or none, and no exception; a number given again gives itself."""
    number, problem = normalize(text)
    if number is None:
        assert problem in (None, NOT_VALID, LOST_DIGITS)
        return
    assert problem is None
    parsed = phonenumbers.parse(number)
    assert phonenumbers.is_valid_number(parsed) or re.fullmatch(r"\+91[6-9][0-9]{9}", number)
    assert normalize(number) == (number, None)
