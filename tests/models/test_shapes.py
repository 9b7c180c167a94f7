"""Files that never have a header: whose they are, and what their columns are called."""

import pytest

from models.shapes import ASTERISK, known_shape

CALL = [
    *("EMI", "801", "09845011201", "from-internal", '"Desk" <801>', "SIP/801-0001", "SIP/trunk-0001", "Dial"),
    *("SIP/trunk/09845011201,60", "2026-03-05 10:12:44", "2026-03-05 10:12:57", "2026-03-05 10:13:55", "71", "58"),
    *("ANSWERED", "DOCUMENTATION"),
]
FURTHER = [
    ([], []),
    (["1772685764.21"], ["uniqueid"]),
    (["pbx-1772685764.21"], ["uniqueid"]),
    (["LN-7"], ["userfield"]),
    ([""], ["userfield"]),
    (["1772685764.21", "LN-7"], ["uniqueid", "userfield"]),
    (["", "1772685764.21", "17"], ["peeraccount", "linkedid", "sequence"]),
    (["1772685764.21", "", "", "1772685764.20", "17"],
     ["uniqueid", "userfield", "peeraccount", "linkedid", "sequence"]),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "names"), FURTHER)
def test_a_record_of_asterisk_is_known_with_the_columns_that_it_has(cells, names):
    source, header = known_shape([*CALL, *cells])
    assert source == ASTERISK
    assert len(header) == len(CALL) + len(cells)
    assert list(header[len(CALL) :]) == names
    assert (header[0], header[2], header[9], header[13]) == ("accountcode", "dst", "start", "billsec")


OTHERWISE = {9: "SIP", 10: "never", 11: "", 12: "1 minute", 13: "", 14: "sold", 15: "yes"}


@pytest.mark.parametrize("position", OTHERWISE)
def test_another_record_of_as_many_cells_is_not(position):
    assert known_shape([*CALL[:position], OTHERWISE[position], *CALL[position + 1 :]]) is None


def test_a_call_that_was_not_answered_is_known():
    assert known_shape([*CALL[:10], "", *CALL[11:13], "0", "NO ANSWER", CALL[15]]) is not None


@pytest.mark.parametrize("cells", [[], CALL[:15], [*CALL, *[""] * 6], [name.upper() for name in "abcdefghijklmnop"]])
def test_records_of_other_widths_and_headers_are_not(cells):
    assert known_shape(cells) is None
