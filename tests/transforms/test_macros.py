"""Every shared SQL expression, by example: (cell as people write it, what it means)."""

import hashlib
import math
import uuid
from datetime import date, datetime
from decimal import Decimal
from itertools import product

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.macros import macros

# DuckDB works on whole columns, so that every cell is asked about among others of all kinds.
COMPANY = ["abc", "46086", "1:02:03", "05/03/2026 10:00 PM", "(1,000.00)", "9" * 30, ""]


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as con:
        con.execute(macros())
        yield con


@pytest.fixture
def ask(con):
    """The value of a macro for one cell of a column, with the other arguments bound."""

    def call(macro: str, cell: object, *args: object) -> object:
        holes = "".join(", ?" for _ in args)
        company = COMPANY if isinstance(cell, str | None) else []
        query = f"SELECT {macro}(cell{holes}) FROM (SELECT unnest(?) AS cell)"
        return con.execute(query, [*args, [cell, *company]]).fetchall()[0][0]

    return call


def table(**examples: list[tuple]) -> list:
    """One test per example, named by macro and cell."""
    return [pytest.param(macro, *row, id=f"{macro}-{row[0]!r}") for macro, rows in examples.items() for row in rows]


def each(meant: object, *cells: str | None) -> list[tuple]:
    """Cells that all mean the same."""
    return [(cell, meant) for cell in cells]


# fmt: off
# By these a cell of any column says that nothing is stated.
NULL_WORDS = ["", "NA", "na", "N/A", "#N/A", "nil", "NIL", "Nil", "none", "None", "null", "NULL", "nan", "NaN", "NAN",
              "-",
              "--", "---", "\u2013", "\u2014", "N.A.", "N.A", "NA.", "n.a.", "N\\A", "Not Available", "NOT AVAILABLE",
              "not applicable", "(null)", "(NULL)", "<null>", "[NULL]", "\\N", "NaT", "#REF!", "#VALUE!", "#NAME?",
              "#DIV/0!", "#NUM!", "#NULL!", "(blank)", "0000-00-00", "0000/00/00", "00-00-0000", "00/00/0000",
              "0000-00-00 00:00:00", "00-00-0000 00:00:00", "1900-01-00"]
NO_NULL_WORDS = ["0", "00", "N", "n", "No", "Nan", "Nat", "Nanda", "Nila", "nullable", "Noneed", "Na Ra", "(", "#",
                 "0001-00-00",
                 "A", "Zoya", "zoya", "|", "na|nil x", "ठीक", "\u2026", "Not", "12", "< null", "NA1", "2026-03-05"]
ABSENT = ["", "NA", "na", "N/A", "#N/A", "nil", "NIL", "none", "null", "nan", "NaN", "-", "0", "0000", "0.0",
          "111", "xxx", "XxX", "----", "9999999999", "0000000000", None]
IDENTIFIERS = table(
    is_absent=[*each(True, *ABSENT), *each(False, "11", "L1", "naN1", "001", "0.01", "1110", "NAN A", "--1")],
    has_exponent=[*each(True, "1.2E+11", "9.87654E+09", "1,2e+11", "1.2e11", "5E+10"),
                  *each(False, "12E5", "E12", "1.2", "1.2E", "LN1.2E+11")],
    without_point_zero=[*each("12345", "12345.0", "12345.00"), ("12345.10", "12345.10"), ("L.0", "L.0")],
    loan_number=[*each(None, *ABSENT, *(word for word in NULL_WORDS if not word[:1].isdigit()), "1.2E+11"),
                 ("12345.0", "12345"),
                 *((text, text) for text in ("12E5", "LN-001", "ln 001", "000123", "=1+1", "ऋण-१", "11", "A/2-3")),
                 *((text, "000123") for text in ("'000123", '="000123"')),
                 *((text, "560073000107") for text in ("560,073,000,107", "5,60,07,30,00,107", "560,073,000,107.00")),
                 *each(None, "'NA", '="0"', '="5.6E+11"')],
    key_of=[*each("HSK-10005", "hsk-10005", "HSK-10005", "'Hsk-10005", '="hsk-10005"'), ("000123", "000123"),
            *each("SUNITA HEGDE", "Sunita  Hegde", "SUNITA\u00a0HEGDE", "sunita\thegde"), *each("12", "12.0", "12"),
            ("हुबली", "हुबली"), ("é", "É"), ("a. b.", "A. B."), (None, None)],
    loan_id_likeness=[*each("HSK10004", "HSK 10004", "HSK-10004", "HSK10004"), *each("123", "000123", "0-12 3", "123"),
                      ("HSK-010", "HSK010")],
    name_key_of=[*each("asha rao", "Asha Rao", "Smt. ASHA  RAO", "Ms Ásha-Rao"), ("Mr.", ""), ("आशा राव", "आशा राव")],
    loan_status_of=[*each("closed", "Closed", "CLOSED", "Loan Closed", "A/c closed", "Closed (obligations met)",
                          "Foreclosed", "pre-closed", "Written Off", "written-off", "WRITEOFF", "W/O", "Settled",
                          "SETTLED - OTS", "Fully Settled", "paid_off", "Paid off", "inactive", "Paid",
                          "Fully Paid", "Repaid", "Charged Off"),
                    *each("active", "Active", "NPA", "Live", "Unpaid", "not closed", "settlement due", "0", "बंद"),
                    *each(None, "", "NA", "-", None)],
    borrower_role_of=[*each("applicant", "Applicant", "APPLICANT 1", "Main Applicant", "primary-borrower", "Borrower"),
                      *each("applicant", "Self", "A"),
                      *each("other", "Co-Applicant", "CO APPLICANT 2", "coborrower", "Joint Applicant", "Guarantor 1",
                            "Second applicant", "Surety", "C", "G"),
                      *each(None, "", "farmer", "1", None)],
    national_id_text=[("abcde 1234-f", "ABCDE1234F"), ("1234 5678 9012", "123456789012"), ("-", "")],
    is_bad_national_id=[*each(True, "1.2E+11", "XXXXX1234X", "XXXXXXXX9012", "XXXX9012", "****9012", "ABC", "PAN",
                              "123"),
                        *each(False, "ABCDE1234F", "XXX1234567", "NA", "", "1234", "000000000000", None)],
    national_id_of=[*each(None, *ABSENT, "1.2E+11", "XXXX9012", "*9012", "123", "000000000000", "111111"),
                    ("ABCDE1234F", "ABCDE1234F"), ("123456789012.0", "123456789012"),
                    ("012345678901", "012345678901")],
    is_unstated=[*each(True, *NULL_WORDS, "Nan", None), *each(False, "0", "x", "000")],
    is_null_word=[*each(True, *NULL_WORDS), *each(False, *NO_NULL_WORDS)],
    has_thousands=[*each(True, "560,073,000,107", "5,60,07,30,00,107", "1,234.0"),
                   *each(False, "560073", "1,2", "12,34", "1,234.5", "A,123", ",123")],
)
AMOUNTS = [
    *each("50000.00", "50000", "50,000", "50000.0", "050000", "50000.", "₹50,000", "₹ 50000", "Rs. 50000/-",
          "+50000", "Rs 50,000.00", "rs.50,000/-", "INR 50,000", "50000/=", "50 000", "50\u00a0000", "INR50000",
          "50,000 INR",
          "Rs.50000 only", "Rs 50,000/- Only.", "50000=/-", "50000 /-", "$50,000", "USD 50,000.00", "US$ 50000",
          "50'000",
          "50’000", "50.000,00", "₨ 50,000", "Rs:50000", "Rupees 50000", "€50,000", "5E+04", "5e4", "5.0E4",
          "50\u202f000"),
    *each("45000.00", "45,000.00 Dr", "45,000.00Dr", "45000 DR.", "45,000.00 (Dr)", "Dr 45,000.00", "Rs 45000 dr",
          "45000 Debit",
          "₹45,000.00 Dr"),
    *each("-2100.00", "2,100.00 Cr", "2,100.00CR", "2100 Cr.", "2,100.00 (Cr)", "Cr 2,100.00", "Rs. 2,100.00 Cr",
          "2100 credit",
          "2,100.00-", "2100-", "Rs 2,100.00-", "-2,100.00", "(2,100)", "- Rs. 2,100/-", "Rs -2100", "(Rs. 2,100)"),
    *each("150000.00", "1.5 L", "1.5L", "1.5 lakh", "1.5 Lakhs", "1.5 lac", "1.50 Lacs", "Rs. 1.5 Lakh only", "₹1.5L",
          "150k",
          "150 thousand", "0.015 crore", "150 K"),
    *each("20000000.00", "2 Cr", "2cr", "2 crore", "2 Crores", "2 Crs", "2.0 Cr.", "200 lakh", "2.000 Cr",
          "Rs 2 Crore"),
    *each("-150000.00", "-1.5 L", "- Rs 1.5 lakh"), ("450.00 Cr", "-450.00"), ("0.00 Cr", "0.00"), ("1.255 Cr",
        "12550000.00"),
    *each("123456.00", "1,23,456.00", "₹ 1,23,456", "123,456", "123456", "1.23.456,00", "1 23 456", "1, 23, 456"),
    *each("-500.00", "(500)", "-500", "- 500", "₹ (500)", "(500.00)", "-Rs. 500/-", "500-"),
    *each("0.00", "0", "0.00", "-0", "₹0", "0-"), ("1.2345E+05", "123450.00"), ("1e-05", "0.00"),
    ("(1,500.25)", "-1500.25"), (".50", "0.50"), ("10,00,00,000", "100000000.00"), ("50,000.50", "50000.50"),
    ("1.005", "1.01"), ("9999999999999.99", "9999999999999.99"), ("1,000,000", "1000000.00"), ("Rs.500", "500.00"),
    # Either a credit or crores, a price's dash or a minus, two signs: nothing is guessed.
    *each(None, "45.00 Cr", "1.25 Cr", "500 Cr", "500.-", "-500 Cr", "(500) Cr", "-500 Dr", "500.00 Cr Dr",
          "1.5 L Dr", "-5-"),
    *each(None, "5 Rs 5", "5/-5", "10 20", "1 2 3", "٥٠٠", "５００", "1 lakh 20 thousand", "5 L 5",
          "1e3k", "1,50 lakh"),
    *each(None, "", "NA", "abc", "5e300", "5E", "1.2.3", "1,2", "1,23", "12,34,5", ",500", "500,", "(500", "1000,00",
          "500)", "-", "((500))", "--5", "-(500)", "()", "₹", ".", "k", "lakh", "Cr", "only", "99999999999999",
          "9" * 40, "0x10", "NaN", "Infinity", "१२३", "50%", "50 EMI", "=12*100", "5 hours", "99999999 crore", None),
]
NUMBERS = table(
    amount_of=[(cell, meant and Decimal(meant)) for cell, meant in AMOUNTS],
    whole_number_of=[*each(12, "12", "12.0"), *each(None, "1_000", "-1", "12.5", "9999999999", "١٢", "", None)],
    price_of=[("1.2345", Decimal("1.2345")), ("99999999999.9999", Decimal("99999999999.9999")),
              *each(None, "999999999999", "-999999999999", "99999999999.99999", "1e400"),
              *each(Decimal("-0.45"), "-0.45000", "0.45-", "(0.45)"), *each(Decimal("1234.5"), "₹ 1,234.5", "1,234.50"),
              ("$0.0125", Decimal("0.0125")), ("0", Decimal(0)), *each(None, "x", "", None)],
    seconds_of=[*each(45, "45", "45.0", "45.9", "45s", "45 sec", "45 Secs.", "45 seconds", "00:45", "0:45",
                      "00:00:45", "45.9 s"),
                *each(134, "134", "134.0", "134 sec", "2m 14s", "2m14s", "2 min 14 sec", "2 mins, 14 secs", "02:14",
                      "2:14",
                      "00:02:14", "0:02:14", "00:02:14.000", "2 minutes and 14 seconds", "PT2M14S", "0 days 00:02:14",
                      "0h 2m 14s"),
                *each(120, "2 min", "2m", "2 Minutes", "02:00"), *each(3723, "1h 2m 3s", "1 hr 2 min 3 sec",
                    "01:02:03", "1:02:03"),
                ("1 hour", 3600), ("0", 0), ("0s", 0), ("00:01:05", 65), ("100:00:00", 360_000), ("75:10", 4510), *each(
                None, "", "-5", "1:5", "00:60:00", "00:00:60", "45 x", "NA", "1e3", "9999999999", "2.5 min", "1d",
                "m", "s 45", "pt",
                "12:34:56:78", "1 day 00:02:14", None)],
    flag_of=[*each(True, "yes", "Y", "TRUE", "t", "1", "1.0", "DNC", "dnd", "Do Not Call", "registered"),
             *each(False, "no", "N", "False", "f", "0", "0.0", "Not Registered"),
             *each(None, "", "maybe", "2", None)],
    day_first_evidence=[
        *each(1, "25-03-2026", "25/3/26", "13.12.2026 10:00", "25032026", "25/03/2026 10:00:00 PM", "Wed, 25/03/2026",
              "25 03 2026",
              "25032026100000", "25-3-2026 10.00.00", "25\u201303\u20132026"),
        *each(-1, "03-25-2026", "12/13/26", "03252026", "3252026", "3/25/2026 10:00 AM"),
        *each(0, "05-03-2026", "32-01-2026", "25-13-2026", "2026-03-25", "25-Mar-2026", "46086", "x", "20260325",
              "Mar 25, 2026",
              "1772685600", "5/3/26 25:00")],
)
# What a cell means with the day first, what with the month first (None: a misfit), and the cells that do.
DATES = [(cell, day_first, month_first) for day_first, month_first, *cells in [
    ("2026-03-05", "2026-05-03", "05-03-2026", "05/03/2026", "5/3/2026", "05.03.2026", "5-3-26", "05 03 2026",
     "05/03/2026 14:30", "05/03/2026 02:30 PM", "5/3/26, 9:30", "05032026", "5032026", "5032026.0", "05-03-2026.",
     "5. 3. 2026",
     "05\u201303\u20132026", "Thu, 05/03/2026", "05-03-2026 (Thursday)", "05-03-2026 10.00.00", "05032026 10:00",
     "05032026100000", "05/03/2026 - 10:00 AM", "5/3/2026 12:00:00\u202fAM", "05-03-2026 10.30 am"),
    ("2026-03-05", "2026-03-05", "2026-03-05", "2026/03/05", "2026-3-5", "2026-03-05T14:30:00Z", "20260305",
     "05-Mar-2026", "5 Mar 2026", "05-MAR-26", "5-March-2026", "05/March/26", "46086", "46086.75",
     "Mar 5, 2026", "March 5 2026", "Mar-05-26", "5th March 2026", "5th of March, 2026", "March 5th, 2026", "05 Mar'26",
     "05 Mar\u201926", "Thursday 5 March 2026", "Thursday, 5 March 2026", "Thu, 05 Mar 2026 04:30:00 GMT",
     "Thurs. 5 Mar 2026",
     "05-MAR-26 12.00.00.000000000 AM", "05-MAR-2026 00.00.00", "2026/3/5", "2026.03.05", "2026-Mar-05", "05MAR2026",
     "5mar26",
     "20260305.0", "20260305100000", "20260305T100000Z", "2026-03-05T00:00:00.000Z", "2026-03-05 00:00:00.0",
     "Mar 5, 2026, 10:00:00 AM", "Thu Mar 05 2026 10:00:00 GMT+0530 (India Standard Time)",
     "Thu Mar  5 10:00:00 IST 2026",
     "05/Mar/2026:10:00:00 +0530", "5 March 2026 at 10:00 am", "2026-03-05-10.00.00.000000", "2026-03-05 99:10"),
    ("2026-03-25", None, "25-03-2026", "25.3.26", "25032026", "25/03/2026 10:00"),
    (None, "2026-03-25", "03-25-2026", "3/25/26", "03252026", "3252026"),
    ("2019-01-20", None, "20012019"), ("2012-12-20", None, "20122012"), ("2020-12-19", None, "19122020"),
    ("2001-12-11", "2001-12-11", "20011211"), ("2026-09-05", "2026-09-05", "Sept 5 2026", "Sat 5 Sep 2026"),
    ("2024-02-29", None, "29-02-2024"),
    ("1900-01-01", "1900-01-01", "01-01-1900"),
    ("2100-12-31", "2100-12-31", "2100-12-31", "73415"),
    ("2099-01-01", "2099-01-01", "01-01-99"),
    ("1927-05-18", "1927-05-18", "10000"),
    (None, None, "29-02-2026", "31-04-2026", "31-12-1899", "2101-01-01", "73416", "9999", "0", "5-Foo-2026",
     "5-Sepp-2026", "", "NA", "2026-13-01", "00-00-0000", "0000-00-00", "5-3-202", "1/2/3/4", "2026",
     "Mar-2026", "March 2026", "Mar-26", "5-Mar", "Mar 5", "050326", "99999999", "20261345", "1900-01-00", "31-02-2026",
     "5th-2026", "0th Mar 2026", "March 2026 10:00", "1772685600", "Thursday", "5 of 2026", None),
] for cell in cells]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
          "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December"]
# Local times, five and a half hours ahead of UTC, and what they are in UTC.
TIMES = [
    *each("2026-03-05 09:00:00", "2026-03-05 14:30:00", "2026-03-05T14:30:00", "05/03/2026 14:30",
          "05-03-2026 2:30 PM", "05-Mar-2026, 2:30 p.m.", "46086.604166667", "2026-03-05 14:30:00 IST",
          "2026-03-05T09:00:00Z", "2026-03-05T09:00Z", "2026-03-05 09:00:00 UTC", "2026-03-05 09:00:00 GMT",
          "2026-03-05T14:30:00+05:30", "2026-03-05T14:30:00+0530", "2026-03-05T04:00:00-05:00",
          "05-03-2026 09:00 am +00:00", "05-03-2026 04:00 AM -0500", "05-03-2026 09:00 am UTC",
          "Thu, 05 Mar 2026 09:00:00 +0000", "Thu, 05 Mar 2026 09:00:00 GMT", "5 Mar 2026 09:00 UT",
          "Thu, 5 Mar 2026 14:30:00 +0530",
          "1772701200", "1772701200.0", "1772701200000", "1772701200000.0", "1772701200000000", "20260305143000",
          "20260305T143000",
          "20260305T090000Z", "20260305-143000", "20260305 143000", "05032026143000", "05-Mar-2026 02.30.00 PM",
          "05-03-2026 14.30",
          "05-MAR-26 02.30.00.000000000 PM", "05-MAR-26 09.00.00.000000 AM +00:00",
          "05-MAR-26 02.30.00 PM ASIA/CALCUTTA",
          "Mar 5, 2026, 2:30:00 PM", "Mar 5, 2026, 2:30:00\u202fPM", "5 March 2026 at 2:30 pm", "5th March 2026 14:30",
          "2026-03-05 14:30:00.000", "2026-03-05T09:00:00.000000Z", "2026-03-05T14:30:00+05:30[Asia/Kolkata]",
          "2026-03-05 14:30:00 +0530 IST", "2026-03-05 09:00:00+00", "2026-03-05 09:00:00 (UTC)",
          "2026-03-05 14:30:00 Asia/Kolkata",
          "2026-03-05T04:00:00-0500", "05/03/2026 2:30 PM", "5/3/26 14:30", "05.03.2026 14:30:00",
          "05/03/2026 - 02:30 PM",
          "05/Mar/2026:14:30:00 +0530", "2026-03-05-14.30.00.000000",
          "Thu Mar 05 2026 14:30:00 GMT+0530 (India Standard Time)",
          "Thu Mar  5 14:30:00 IST 2026", "Thu Mar 5 09:00:00 UTC 2026", "Thu Mar  5 14:30:00 2026",
          "2026-03-05 14:30:00 PM",
          "2026-03-05 14:30:00 GMT+5:30", "Thursday, March 5, 2026 2:30 PM", "05-03-2026 (Thu) 14:30"),
    *each("2026-03-04 18:30:00", "2026-03-05 00:00:00", "2026-03-05", "05-03-2026", "05-03-2026 12:00 AM",
          "46086", "Mar 5, 2026", "05032026", "20260305", "05-MAR-26 12.00.00.000000000 AM", "Thursday 5 March 2026"),
    *each("2026-03-05 09:00:00.250", "2026-03-05 14:30:00.25", "2026-03-05 14:30:00,250", "1772701200250",
          "1772701200.25",
          "2026-03-05T09:00:00.250Z", "05-MAR-26 02.30.00.250000000 PM", "05/03/2026 14:30:00.250"),
    ("2026-03-05 02:00:00", "2026-03-04 20:30:00"), ("05-03-2026 02:30:15pm", "2026-03-05 09:00:15"),
    ("05-03-2026 12:30 pm", "2026-03-05 07:00:00"), ("05-03-2026 12:30 a.m.", "2026-03-04 19:00:00"),
    ("2026-03-05 14:30:00.250", "2026-03-05 09:00:00.250"), ("1970-01-01 05:30:00", "1970-01-01 00:00:00"),
    ("2026-03-05T14:30:00.5+05:30", "2026-03-05 09:00:00.500"),
    ("1970-01-01 00:00:00", "1969-12-31 18:30:00"),
    *each(None, "", "NA", "14:30", "2026-03-05 25:00:00", "2026-03-05 14:61", "2026-02-30 10:00:00",
          "10:00 05-03-2026", "25-13-2026 10:00", "05-03-2026 13:00 AM", "05-03-2026 10:00 XM", "9845022101", "0",
          "1772685600000000000",
          "05-03-2026 10:00:60", "Mar-2026 10:00", "05-03-2026 10:00 2026", "05-03-2026 14:30:00 EST",
          "24:30 05-03-2026",
          "2026-03-05 14:30:00 +0530 PM", "05-03-2026 10.75", "05-03-2026T25:00:00Z", "20260305246060",
          "2026-03-05 24:00:00", "2026-03-05T10:00:00+99:99", "2026-03-05T10:00:00+15:00", "05-03-2026 99:10 pm",
          "2026-03-05 14:30:00 +5", "0000-00-00 00:00:00", "2026-03-05 14:30 14:31", None),
]
# A date in one cell and a clock in another, half past two in the afternoon where nothing else is said.


STATUSES = {
    "not_initiated": ["not_initiated", "ready", "scheduled"],
    "calling": ["queued", "initiated", "calling", "ringing"],
    "call_in_progress": ["in-progress", "answered", "call_in_progress"],
    "agent_transfer": ["agent_transfer"],
    "call_completed": ["completed", "call_completed"],
    "disconnected": ["busy", "no-answer", "canceled", "not_picked", "disconnected", "from_leg_unanswered",
                     "to_leg_unanswered", "from_leg_cancelled"],
    "failed": ["failed", "call_failed", "from_leg_no_dial", "to_leg_no_dial"],
}
RANKS = {"not_initiated": 0, "calling": 1, "call_in_progress": 2, "agent_transfer": 2}
RATES = [("rate", 8, 20, 8 / 20), ("rate", 0, 20, 0.0), ("rate", 0, 0, None), ("wilson_low", 0, 0, None),
         ("wilson_high", 0, 0, None)]
# fmt: on


@pytest.mark.parametrize(("macro", "cell", "meant"), [*IDENTIFIERS, *NUMBERS])
def test_cells(ask, macro, cell, meant):
    assert ask(macro, cell) == meant


@pytest.mark.parametrize(
    ("column", "outstanding", "meant"),
    [("closed", 100, "closed"), ("active", 0, "active"), (None, 0, "closed"), (None, 5, "active"), (None, None, None)],
)
def test_a_status_column_counts_before_an_amount(ask, column, outstanding, meant):
    assert ask("status_of_loan", column, outstanding) == meant


@pytest.mark.parametrize(
    ("numbers", "meant"),
    [
        (("+1", None, None, None), None),
        (("+1", ["+2"], None, None), ["+2"]),
        (("+1", ["+2"], "+3", ["+2", "+1"]), ["+2", "+3"]),
        (("+1", None, "+1", None), None),
        ((None, None, "+3", ["+4"]), ["+3", "+4"]),
    ],
)
def test_further_phones_are_those_beside_the_phone(con, numbers, meant):
    call = "further_phones_of(CAST(? AS VARCHAR), CAST(? AS VARCHAR[]), CAST(? AS VARCHAR), CAST(? AS VARCHAR[]))"
    assert con.execute(f"SELECT {call}", numbers).fetchall()[0][0] == meant


@pytest.mark.parametrize(("cell", "day_first", "month_first"), DATES, ids=repr)
def test_dates(ask, cell, day_first, month_first):
    assert ask("date_of", cell, True) == (day_first and date.fromisoformat(day_first))
    assert ask("date_of", cell, False) == (month_first and date.fromisoformat(month_first))


def test_every_month_has_its_number(ask):
    found = [ask("date_of", f"07 {month} 2026", True) for month in MONTHS]
    assert found == [date(2026, number, 7) for number in range(1, 13)] * 2


@pytest.mark.parametrize(("cell", "utc"), TIMES, ids=repr)
def test_times_are_local_unless_they_state_a_zone(ask, cell, utc):
    assert ask("timestamp_of", cell, True, 330) == (utc and datetime.fromisoformat(utc))


@pytest.mark.parametrize(
    ("cell", "value", "found"),
    [
        ("x y", None, ["bad_date: due is not a valid date", "another"]),
        ("a\nb", None, ["bad_date: due is not a valid date", "another"]),
        *((word, None, ["another"]) for word in (*NULL_WORDS, None)),
        ("x", 1, ["another"]),
    ],
)
def test_a_finding_names_a_bad_cell_and_does_not_quote_it(con, cell, value, found):
    findings = "[cell_error('bad_date', 'due', 'date', cell, value), NULL, 'another']"
    query = f"SELECT found_errors({findings}) FROM (SELECT ? AS cell, ? AS value)"
    assert con.execute(query, [cell, value]).fetchall() == [(found,)]


@pytest.mark.parametrize(("word", "meant"), [(word, meant) for meant, words in STATUSES.items() for word in words])
def test_call_statuses_in_any_spelling(ask, word, meant):
    marks = [word.translate(str.maketrans("-_", mark * 2)) for mark in "-_ "]
    assert {ask("call_status_of", spell(text)) for text in marks for spell in (str.upper, str.title, str)} == {meant}
    assert ask("call_status_rank", meant) == RANKS.get(meant, 3)


@pytest.mark.parametrize("word", ["", "done", "16", "busybody", "no", None])
def test_words_that_are_no_call_status(ask, word):
    assert ask("call_status_of", word) is None


WORDS = {
    "answered": ["ANSWERED", "ANSWER", "Answered", "ended", "connected", "call-disconnected", "NORMAL_CLEARING",
                 "user_hangup", "agent_hangup", "customer-ended-call", "assistant-ended-call", "success"],
    "disconnected": ["NO ANSWER", "NOANSWER", "NotAnswered", "Unanswered", "Missed", "Customer Missed", "BUSY",
                     "NoResponse", "SubcriberAbsent", "SubscriberAbsent", "user_disconnected", "switched off",
                     "not reachable", "rejected", "client-hangup", "timeout", "dial_no_answer", "dial_busy",
                     "customer-did-not-answer", "customer-busy"],
    "failed": ["FAILED", "CONGESTION", "CHANUNAVAIL", "InvalidNumber", "invalid number", "NoRouteDestination",
               "ISDDisabled", "exception", "balance-low", "stopped", "error", "dial_failed", "UNALLOCATED_NUMBER"],
    "calling": ["Dialing", "ring", "registered"],
    "not_initiated": ["rescheduled", "NotDialed"],
    "machine": ["voicemail", "voicemail_reached", "machine_start", "AMD"],
}  # fmt: skip


@pytest.mark.parametrize(("word", "meant"), [(word, meant) for meant, words in WORDS.items() for word in words])
def test_the_words_of_other_systems(ask, word, meant):
    assert ask("call_word_of", word) == meant


VICIDIAL = {
    "answered": ["SALE", "PTP", "CALLBK", "DNC"],
    "disconnected": ["NA", "N", "B", "AB", "DROP", "PDROP"],
    "failed": ["DC", "ADC"],
    "machine": ["A", "AA", "AM"],
    "not_initiated": ["NEW"],
    "calling": ["QUEUE"],
    None: ["XYZ", "", "completed"],
}


@pytest.mark.parametrize(("code", "meant"), [(code, meant) for meant, codes in VICIDIAL.items() for code in codes])
def test_codes_of_vicidial(ask, code, meant):
    assert ask("vicidial_word_of", code) == meant


# word, borrower's leg, other leg, reason, talk, duration, whether an end is stated
OUTCOMES = [
    (("answered", None, None, None, 50, 60, False), "call_completed"),
    (("answered", None, None, None, None, 60, True), "call_completed"),
    (("answered", None, None, None, None, None, False), "call_in_progress"),
    (("answered", None, None, None, 0, 60, True), "disconnected"),
    (("answered", None, None, "disconnected", None, 60, True), "disconnected"),
    (("answered", None, None, "answered", 50, None, False), "call_completed"),
    (("answered", "disconnected", "call_completed", None, 50, 60, True), "disconnected"),
    (("call_completed", "disconnected", "call_completed", None, 0, 60, True), "disconnected"),
    (("call_completed", "failed", None, None, None, None, False), "disconnected"),
    (("call_completed", None, "disconnected", None, 0, 60, True), "call_completed"),
    (("call_completed", None, None, "disconnected", None, None, False), "call_completed"),
    (("machine", None, None, None, 0, 20, True), "call_completed"),
    (("answered", None, None, "machine", None, None, False), "call_completed"),
    (("disconnected", "answered", None, None, 50, 60, True), "disconnected"),
    (("calling", None, None, None, None, None, False), "calling"),
    ((None, None, None, None, 50, 60, False), "call_completed"),
    ((None, None, None, None, None, 60, True), "call_completed"),
    ((None, None, None, None, None, 58, False), "call_completed"),
    ((None, None, None, None, None, 0, False), "disconnected"),
    ((None, None, None, None, 0, 5, False), "disconnected"),
    ((None, None, "failed", None, 0, 0, False), "failed"),
    ((None, "disconnected", None, None, None, None, False), "disconnected"),
    ((None, None, None, "answered", None, None, False), "call_in_progress"),
    (("answered", None, None, None, None, 42, False), "call_completed"),
    ((None, "call_completed", None, None, None, None, False), "call_completed"),
    ((None, None, None, None, None, None, False), None),
]


@pytest.mark.parametrize(("stated", "meant"), OUTCOMES, ids=str)
def test_what_became_of_a_call_from_all_that_speaks_of_it(ask, stated, meant):
    assert ask("call_outcome", *stated) == meant


STATING_NOTHING = ["NULL", "(null)", "\\N", "N.A.", "NA.", "na", "N/A", "Not Available", "--", "-", "#REF!", "#N/A",
              "#VALUE!", "0000-00-00", "00-00-0000", "nil", "None", "nan", "NaN", "'NULL", '="N.A."', "'",
              '=""']  # fmt: skip
STATING = {"Nan": "Nan", "'5000": "5000", '="000123"': "000123", "0": "0", "Nil Ram": "Nil Ram", "=1+1": "=1+1",
           "no-answer": "no-answer", "NOTE": "NOTE", "Nisha K": "Nisha K",
           "O'Brien": "O'Brien", "Nanda": "Nanda", "-5": "-5", "'  x ": "x", "N": "N"}  # fmt: skip

PLAIN = ("is_plain_cell", "is_plain_number", "is_plain_word")


@pytest.mark.parametrize("cell", STATING_NOTHING)
def test_cells_that_state_nothing(ask, cell):
    assert ask("cell_of", cell) is None
    assert not any(ask(macro, cell) for macro in PLAIN)


@pytest.mark.parametrize(
    "cell", [*STATING, *NO_NULL_WORDS, "+1", "05/03/2026", "1900", "x\u00a0", "\u00a0x", " 12", "(1)"]
)
def test_a_plain_cell_states_itself(ask, cell):
    """As the projection into the lake takes it, without cleaning it."""
    if any(ask(macro, cell) for macro in PLAIN):
        assert ask("cell_of", cell) == cell and cell[:1] not in ("'", "=", " ", "\u00a0")
    else:
        assert not "2" <= cell[:1] <= "9"


@pytest.mark.parametrize(("cell", "meant"), STATING.items())
def test_cells_are_freed_of_a_spreadsheets_dressing(ask, cell, meant):
    assert ask("cell_of", cell) == meant


MOMENTS = [
    ("05-03-2026", "10:12:44", "05-03-2026 10:12:44"),
    ("2026-03-05", "10.12 AM", "2026-03-05 10.12 AM"),
    ("2026-03-05 00:00:00", "10:12", "2026-03-05 10:12"),
    ("2026-03-05", "2026-03-06 10:12", "2026-03-06 10:12"),
    ("2026-03-05", "10:12:44 UTC", "2026-03-05 10:12:44 UTC"),
    (None, "10:12", "10:12"),
    ("2026-03-05", "143000", "2026-03-05 14:30:00"),
    ("2026-03-05", "0.604166666667", "2026-03-05 14:30:00"),
    ("2026-03-05", "1899-12-30 14:30:00", "2026-03-05 14:30:00"),
    ("2026-03-05", "1772701200", "1772701200"),
    ("2026-03-05", None, None),
]


@pytest.mark.parametrize(("date", "clock", "meant"), MOMENTS, ids=str)
def test_a_date_and_a_time_of_two_columns_are_one_moment(ask, date, clock, meant):
    assert ask("moment_text", date, clock) == meant


ZONED = {
    "2026-03-05 10:00": "2026-03-05 10:00 UTC", "10:00:00": "10:00:00 UTC", "2026-03-05 10:00+05:30": None,
    "2026-03-05T10:00Z": None, "2026-03-05 10:00 IST": None, "2026-03-05": None, "1772685600": None,
}  # fmt: skip


@pytest.mark.parametrize(("cell", "meant"), ZONED.items())
def test_a_header_s_zone_is_that_of_cells_without_one(ask, cell, meant):
    assert ask("with_zone", cell, "UTC") == (meant or cell)


IN_UNITS = [
    ("45000", "ms", 45), ("57000", "ms", 57), ("1009000", "ms", 1009), ("1500.5", "ms", 1),
    ("2", "min", 120), ("2.5", "min", 150), ("02:14", "min", 134),
    ("01:02", "hh:mm", 3720), ("00:01:05", "hh:mm", 65), ("65", "hh:mm", 65), ("1m 5s", "min", 65),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "unit", "seconds"), IN_UNITS)
def test_durations_in_the_unit_of_their_header(ask, cell, unit, seconds):
    assert ask("seconds_of", ask("seconds_text", cell, unit)) == seconds


CUSTOM = {
    '{"loan_id": "EX-2", "campaign": "mar"}': "EX-2", '{"LOAN_ID":"ex-2"}': "ex-2", '{"loanId": 42}': "42",
    "loan_id=EX-2": "EX-2", "Loan_ID=EX-2&campaign=3": "EX-2", "campaign=3;loan_no=EX-2": "EX-2", "EX-2": "EX-2",
    '{"Loan No": "EX-2"}': "EX-2", "Loan ID = EX-2": "EX-2", '"EX-2"': "EX-2", '{"loan": {"id": "EX-2"}}': "EX-2",
    "lan=EX-2": "EX-2", "plan=EX-2": "plan=EX-2", '{"loan": 50000, "loan_id": "EX-2"}': "EX-2", '"': '"',
    "Agreement No: EX-2": "EX-2", "Loan A/c No: EX-2": "EX-2",
    '{"campaign": "mar"}': None, "loan_id=": None, None: None,
}  # fmt: skip


@pytest.mark.parametrize(("cell", "meant"), CUSTOM.items(), ids=str)
def test_the_loan_that_a_custom_field_names(ask, cell, meant):
    assert ask("loan_in_custom_field", cell) == meant


def test_ids_derive_from_the_natural_key(ask):
    meant = uuid.UUID(hashlib.md5(b"row|a|1").hexdigest())
    assert (ask("id_of", "row", "a|1"), ask("row_id_of", "a", 1)) == (meant, meant)
    assert ask("row_order_of", 3, 12) == 3_000_000_012


SHARES = [(part, whole) for part, whole in product(range(0, 41, 4), (1, 7, 20, 40, 1000)) if part <= whole]


@pytest.mark.parametrize(("part", "whole"), SHARES)
def test_wilson_interval_is_the_textbook_one(ask, part, whole):
    z, p = 1.959963984540054, part / whole
    middle, spread = p + z * z / (2 * whole), z * math.sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole))
    low, high = (ask(f"wilson_{end}", part, whole) for end in ("low", "high"))
    assert low == pytest.approx((middle - spread) / (1 + z * z / whole), abs=1e-12)
    assert high == pytest.approx((middle + spread) / (1 + z * z / whole), abs=1e-12)
    assert 0 <= low <= p <= high <= 1


@pytest.mark.parametrize(("macro", "part", "whole", "meant"), RATES)
def test_rates(ask, macro, part, whole, meant):
    assert ask(macro, part, whole) == meant


@pytest.mark.parametrize(
    ("part", "whole", "overall", "meant"),
    [(8, 20, 0.5, 18 / 40), (0, 0, 0.25, 0.25), (1, 1, 0.25, 6 / 21), (1, 1, None, None)],
)
def test_a_rate_shrinks_towards_the_rate_over_all(ask, part, whole, overall, meant):
    assert ask("shrunk_rate_of", part, whole, overall) == meant


TIMES_OF_OURS = {
    "2026-03-05": "2026-03-05 00:00",
    "2026-03-05T10:00": "2026-03-05 10:00",
    "2026-03-05 10:00:00.123456789": "2026-03-05 10:00:00.123456",
    **dict.fromkeys(
        ["infinity", "epoch", "now", "0001-01-01", "2101-01-01", "9999-12-31", "2026-03-05 24:00:00", "NA"]
    ),
    **dict.fromkeys(["2026-03-05 10:00:00+05:30", "2026-02-30", "", "294247-01-10 04:00:54"]),
}


@pytest.mark.parametrize(("cell", "utc"), TIMES_OF_OURS.items(), ids=repr)
def test_times_of_our_records_are_iso_in_our_centuries(ask, cell, utc):
    assert ask("stated_time", cell) == (utc and datetime.fromisoformat(utc))


# --- no text makes a macro fail --------------------------------------------------------------------------------------

OTHER_ARGUMENTS = {
    **{macro: ["true"] for macro in ("date_of", "iso_date", "day_text")},
    **{macro: ["true", "330"] for macro in ("timestamp_of", "plain_timestamp", "worded_timestamp")},
    **{"zone_minutes": ["330"], "clock_of": []},
    **{"id_of": ["'key'"], "row_id_of": ["1"], "fingerprint_of": ["'x'", "NULL"]},
    **{"cell_error": ["'field'", "'number'", "cell", "NULL"], "signed_amount": ["cell"], "order_evidence": ["cell"]},
    **{"unknown_word": ["3"], "status_of_loan": ["0"], "with_zone": ["'UTC'"], "seconds_text": ["'min'"]},
    "moment_text": ["cell"],
    **{"call_outcome": ["cell", "cell", "cell", "0", "0", "true"], "further_phones_of": ["[cell]", "cell", "[cell]"]},
}
# These take numbers, dates, flags and lists, not text.
OF_NO_TEXT = {
    *("found_errors", "error_codes_of", "null_words", "amount_pattern", "loan_name_pattern"),
    *("rate", "wilson_low", "wilson_high", "shrunk_rate_of", "row_order_of", "date_order"),
    *("in_force_from", "in_force_to", "event_order_of", "furthest_order_of"),
}


def _of_text(con: duckdb.DuckDBPyConnection) -> list[str]:
    found = con.execute(
        "SELECT DISTINCT function_name, len(parameters) FROM duckdb_functions() "
        "WHERE function_type = 'macro' AND NOT internal ORDER BY function_name"
    ).fetchall()
    calls = {name: f"{name}({', '.join(['cell', *OTHER_ARGUMENTS.get(name, [])])})" for name, _ in found}
    assert {name for name, parameters in found if parameters != len(OTHER_ARGUMENTS.get(name, [])) + 1} <= OF_NO_TEXT
    return [call for name, call in calls.items() if name not in OF_NO_TEXT]


SOME_TEXT = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789-/.,:+ ₹()TZeE٣", max_size=30),
    st.from_regex(r"[0-9]{1,20}([.][0-9]{1,20})?", fullmatch=True),
    st.from_regex(r"[0-9]{1,4}[-/. ][0-9A-Za-z]{1,4}[-/. ][0-9]{1,6}( [0-9]{1,3}:[0-9]{2}.{0,8})?", fullmatch=True),
    st.from_regex(r"[0-9]{1,4}:[0-9]{1,3}(:[0-9]{1,3})?", fullmatch=True),
    st.from_regex(
        r"[-(+]?(Rs[.]?|₹|Cr )? ?[0-9,. ]{1,20}(e[-+]?[0-9]{1,3})?(/-| Cr| L| crore|k| Dr|-|[)])?", fullmatch=True
    ),
    st.from_regex(r"[0-9]{1,20}( ?(h|min|m|s|sec|ms) ?[0-9]{0,12}){1,3}", fullmatch=True),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(SOME_TEXT, min_size=1, max_size=150))
def test_no_text_makes_a_macro_fail(con, texts):
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    cells = con.execute(f"SELECT {', '.join(_of_text(con))} FROM (SELECT unnest(?) AS cell)", [texts]).fetchall()
    assert len(cells) == len(texts)
