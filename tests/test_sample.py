"""The committed sample files, loaded whole: facts that a person can check against the files, line by line."""

import csv
import io
from collections.abc import Iterable

import pytest
from support import SAMPLE, World

from models.codes import CELL_ERROR_CODES, ROW_ERROR_CODES

# filename, sender, kind, status, records, good (created + matched), errors, duplicates
UPLOADS = [
    ("hosakere_loans_0203.csv", "hosakere.branch", "loan_book", "completed_with_errors", 26, 22, 3, 1),
    ("kaveripuram_emi_03mar.csv", "kaveripuram.branch", "loan_book", "completed_with_errors", 25, 23, 1, 1),
    ("partner_balances_20260304.csv", "partner.desk", "loan_book", "completed_with_errors", 27, 24, 2, 1),
    ("cauvery_cluster_05032026.csv", "cluster.office", "loan_book", "completed_with_errors", 49, 48, 0, 1),
    ("exotel_cdr_0603.csv", "telephony", "call_log", "completed_with_errors", 71, 67, 2, 2),
    ("hosakere_loans_0703.csv", "hosakere.branch", "loan_book", "completed", 27, 26, 0, 1),
    ("branch_targets.csv", "cluster.office", "unknown", "failed", 4, 0, 4, 0),
    ("balances_0903.csv", "core.banking", "loan_book", "completed_with_errors", 59, 57, 1, 1),
    ("assistant_calls_0903.csv", "assistant", "call_log", "completed_with_errors", 69, 66, 2, 1),
]

# Every line with something to report, and what.
REPORTED = {
    "hosakere_loans_0203.csv": {
        15: "bad_date",
        17: "bad_amount",
        20: "bad_phone",
        21: "bad_quoting",
        23: "wrong_field_count",
        27: "missing_loan_id",
    },
    "kaveripuram_emi_03mar.csv": {
        12: "bad_date",
        16: "bad_national_id",
        22: "bad_amount",
        27: "missing_loan_id",
    },
    "partner_balances_20260304.csv": {
        6: "bad_national_id",
        8: "bad_national_id",
        10: "bad_phone",
        21: "bad_loan_id",
        26: "bad_national_id",
        31: "bad_encoding",
    },
    "cauvery_cluster_05032026.csv": {20: "bad_date", 35: "bad_flag"},
    "exotel_cdr_0603.csv": {22: "missing_call_sid", 30: "unknown_status", 46: "bad_phone"},
    "balances_0903.csv": {49: "bad_loan_id"},
    "assistant_calls_0903.csv": {18: "missing_call_sid", 40: "unknown_status"},
}

DUPLICATES = {
    ("hosakere_loans_0203.csv", 26),
    ("kaveripuram_emi_03mar.csv", 15),
    ("partner_balances_20260304.csv", 30),
    ("cauvery_cluster_05032026.csv", 50),
    ("exotel_cdr_0603.csv", 14),
    ("exotel_cdr_0603.csv", 37),
    ("hosakere_loans_0703.csv", 18),
    ("balances_0903.csv", 44),
    ("assistant_calls_0903.csv", 31),
}

# The payments that followed a completed call within a week: loan, amount, call.
RECOVERED = {
    ("HSK-10002", 3200, "b88ed465c73400b02830bae9d66a1a63"),
    ("HSK-10003", 5200, "b2b1f7839810f39338203b2c915c1a63"),
    ("HSK-10013", 5600, "666b372de8b52ce5950c173e58de1a63"),
    ("HSK-10022", 1200, "1309e78378f687ccb049908cd7e81a63"),
    ("KVP20041", 2000, "VA-20260305-0010"),
    ("KVP20042", 2100, "a3bbf6f6b2d4719d0e4a38af6bff1a63"),
    ("KVP20045", 1400, "VA-20260306-0018"),
    ("KVP20047", 3150, "VA-20260306-0025"),
    ("KVP20055", 3200, "35d5f98df8899a17423f1e72efe71a63"),
    ("KVP20057", 3650, "VA-20260305-0012"),
    ("KVP20059", 5600, "66320bdbde0d64b6768930013f381a63"),
    ("560073000102", 1800, "VA-20260305-0004"),
    ("560073000104", 3650, "VA-20260305-0006"),
    ("PLV/24/0205", 2100, "VA-20260306-0027"),
    ("PLV/24/0209", 3200, "VA-20260305-0016"),
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A home with all sample files loaded."""
    world = World(tmp_path_factory.mktemp("sample") / "home")
    for path in sorted(SAMPLE.glob("*.csv")):
        world.inbox.take(path)
    return world.load()


def loan_numbers() -> Iterable[str]:
    """Every loan that has a usable row; of whom HSK-10023 and HSK-10999 are, cannot be called."""
    yield from (f"HSK-{number}" for number in [*range(10001, 10027), 10999])
    yield from (f"KVP{number}" for number in range(20041, 20065))
    yield from (f"5600730001{number:02}" for number in range(1, 15))
    yield from (f"PLV/24/{number:04}" for number in range(201, 211))


def customer_of(sample: World, loan: str) -> str:
    return str(sample.value(f"SELECT customer_id FROM loans WHERE loan_id = '{loan}'"))


# --- uploads and their rows -----------------------------------------------------------------------------------


def test_every_upload_came_out_as_it_should(sample: World) -> None:
    found = sample.rows(
        "SELECT filename, uploaded_by, kind, status, total_records, success_records, failed_records, "
        "duplicate_records FROM file_uploads ORDER BY uploaded_at"
    )
    assert found == UPLOADS
    assert len(list(SAMPLE.glob("*.csv"))) == len(UPLOADS) + 1  # and the manifest
    assert sample.value("SELECT count(*) FROM upload_rows") == sum(upload[4] for upload in UPLOADS) == 357


@pytest.mark.parametrize("name", ["balances_0903.csv", "exotel_cdr_0603.csv", "assistant_calls_0903.csv"])
def test_a_plain_file_has_as_many_rows_as_records(sample: World, name: str) -> None:
    records = list(csv.reader(io.StringIO((SAMPLE / name).read_text(encoding="utf-8"))))
    assert (name, len(records) - 1) in [(upload[0], upload[4]) for upload in UPLOADS]


def test_exactly_these_lines_have_something_to_report(sample: World) -> None:
    found: dict = {}
    for name, line, error in sample.rows(
        "SELECT filename, line_number, error FROM upload_rows JOIN file_uploads AS f ON f.id = file_upload_id "
        "WHERE error IS NOT NULL AND kind <> 'unknown'"
    ):
        found.setdefault(name, {})[line] = error.split(":")[0]
    assert found == REPORTED


def test_every_error_code_occurs(sample: World) -> None:
    codes = {code for (code,) in sample.rows("SELECT DISTINCT code FROM upload_errors")}
    of_records = {"missing_customer_id", "missing_upload", "earlier_error", "bad_value"}  # no file has these
    of_records |= {"bad_call_sid", "bad_number"}  # the sample files have none
    assert codes == {*ROW_ERROR_CODES, *CELL_ERROR_CODES} - of_records


def test_exactly_these_lines_are_duplicates(sample: World) -> None:
    found = sample.rows(
        "SELECT filename, line_number FROM upload_rows AS r JOIN file_uploads AS f ON f.id = file_upload_id "
        "WHERE r.status = 'duplicate'"
    )
    assert set(found) == DUPLICATES
    assert len(found) == len(DUPLICATES)


def test_the_cluster_writes_its_due_dates_month_first(sample: World) -> None:
    orders = dict(sample.rows("SELECT filename, date_orders ->> 'next_due_date' FROM file_uploads"))
    assert orders == {
        "hosakere_loans_0203.csv": None,  # ISO dates only
        "kaveripuram_emi_03mar.csv": "day first",
        "partner_balances_20260304.csv": "day first",
        "cauvery_cluster_05032026.csv": "month first",
        "hosakere_loans_0703.csv": "day first",
        "balances_0903.csv": "day first",
        **dict.fromkeys(("branch_targets.csv", "exotel_cdr_0603.csv", "assistant_calls_0903.csv")),
    }
    (due,) = sample.rows("SELECT next_due_date FROM loans WHERE loan_id = 'HSK-10026'")
    assert [str(day) for day in due] == ["2026-03-22"]


# --- customers ------------------------------------------------------------------------------------------------


def test_there_are_64_customers(sample: World) -> None:
    assert sample.value("SELECT count(*) FROM customers") == 64
    several = sample.rows(
        "SELECT max(full_name), count(*) FROM loans JOIN customers ON customers.id = customer_id "
        "GROUP BY customer_id HAVING count(*) > 1"
    )
    assert dict(several) == {
        **dict.fromkeys(("Farida Beegum", "Govind Tavare", "Nagaraju Sonnad", "Tabassum Sanadi"), 2),
        **dict.fromkeys(("Omprakash Karanth", "Qasim Devanga", "Murugan Kuruba", "Padma Karanth"), 2),
        "Dhanush Malagi": 2,
        "Thangam Shetgeri": 3,
    }
    assert 75 - sum(count - 1 for _, count in several) == 64  # nobody is without a loan


def test_a_changed_phone_is_one_customer(sample: World) -> None:
    assert sample.rows("SELECT primary_phone FROM customers WHERE full_name = 'Farida Beegum'") == [("+919900033905",)]
    assert customer_of(sample, "HSK-10005") == customer_of(sample, "HSK-10025")
    assert sample.value(
        "SELECT replace(CAST(fingerprint AS VARCHAR), '-', '') = md5('919845011905|') FROM customers "
        "WHERE full_name = 'Farida Beegum'"
    )


def test_a_family_of_four_shares_one_phone(sample: World) -> None:
    found = sample.rows(
        "SELECT full_name, national_id, loan_id FROM customers JOIN loans ON customer_id = customers.id "
        "WHERE primary_phone = '+919845011910' ORDER BY loan_id"
    )
    assert found == [
        ("Devaraj Gowda", "AKZXH1001K", "HSK-10010"),
        ("Shantha Gowda", "APNXD1002Q", "HSK-10011"),
        ("Kiran Gowda", "ARVXA1003R", "HSK-10012"),
        ("Mallamma Gowda", None, "HSK-10024"),
    ]


def test_a_branchs_number_is_nobodys(sample: World) -> None:
    assert sample.value("SELECT count(*) FROM customers WHERE primary_phone = '+919845099001'") == 0
    assert customer_of(sample, "HSK-10015") == customer_of(sample, "HSK-10017")  # stated with it on 2 March
    assert sample.value("SELECT primary_phone FROM customers WHERE full_name = 'Rajamma'") is None


def test_two_customers_have_an_id_and_no_phone(sample: World) -> None:
    found = sample.rows(
        "SELECT full_name FROM customers WHERE primary_phone IS NULL AND national_id IS NOT NULL ORDER BY full_name"
    )
    assert found == [("Jyothi Hosmani",), ("Rukmini Aradhya",)]


def test_names_keep_their_accents(sample: World) -> None:
    found = sample.rows("SELECT full_name FROM customers WHERE NOT regexp_full_match(full_name, '[ -~]+')")
    assert found == [("RENÉE PINTO",)]
    assert sample.rows(
        "SELECT raw_data ->> 'Customer Name' FROM upload_rows JOIN file_uploads AS f ON f.id = file_upload_id "
        "WHERE filename = 'kaveripuram_emi_03mar.csv' AND line_number = 13"
    ) == [("José Fernandes",)]


# --- loans ----------------------------------------------------------------------------------------------------


def test_there_are_75_loans(sample: World) -> None:
    assert {loan for (loan,) in sample.rows("SELECT loan_id FROM loans")} == set(loan_numbers())
    assert sample.value("SELECT count(*) FROM loans") == 75


def test_three_loans_are_closed(sample: World) -> None:
    found = sample.rows("SELECT loan_id FROM loans WHERE status = 'closed' ORDER BY loan_id")
    assert found == [("560073000109",), ("HSK-10003",), ("KVP20047",)]


def test_a_blank_amount_keeps_the_earlier_one(sample: World) -> None:
    assert sample.rows(
        "SELECT filename, outstanding_amount FROM loan_snapshots JOIN file_uploads AS f ON f.id = file_upload_id "
        "WHERE loan_id = 'KVP20053' ORDER BY valid_from"
    ) == [("kaveripuram_emi_03mar.csv", 115775), ("cauvery_cluster_05032026.csv", None)]
    assert sample.value("SELECT outstanding_amount FROM loans WHERE loan_id = 'KVP20053'") == 115775


def test_a_loan_changed_hands(sample: World) -> None:
    found = sample.rows("SELECT employee_id FROM loan_snapshots WHERE loan_id = 'HSK-10009' ORDER BY valid_from")
    assert found == [("E101",), ("E101",), ("E102",)]


# --- calls ----------------------------------------------------------------------------------------------------


def test_there_are_128_calls(sample: World) -> None:
    assert dict(sample.rows("SELECT status, count(*) FROM call_sessions GROUP BY status")) == {
        "call_completed": 63,
        "disconnected": 57,
        "failed": 5,
        "agent_transfer": 1,
        "call_in_progress": 1,
        "not_initiated": 1,
    }
    assert sample.value("SELECT count(DISTINCT call_sid) FROM call_sessions") == 128


def test_calls_were_attributed_in_five_ways(sample: World) -> None:
    assert dict(sample.rows("SELECT attribution, count(*) FROM call_sessions GROUP BY attribution")) == {
        "row": 39,
        "loan": 43,
        "number": 39,
        "number_ambiguous": 2,
        "none": 5,
    }


def test_every_attributed_call_points_at_a_line(sample: World) -> None:
    assert (
        sample.value("SELECT count(*) FROM call_sessions WHERE (attribution = 'none') <> (triggered_by_row IS NULL)")
        == 0
    )


def test_a_call_is_finished_by_the_other_log(sample: World) -> None:
    call = "FROM call_sessions WHERE call_sid = '42d0c6f0830e0a21a0df7cb7a4f11a63'"
    assert sample.rows(f"SELECT status, conversation_seconds {call}") == [("call_completed", 110)]


def test_the_calls_add_up(sample: World) -> None:
    for table in ("employee_performance", "branch_performance"):
        assert sample.rows(f"SELECT sum(attempts), sum(completed) FROM {table}") == [(127, 63)]
    assert sample.rows("SELECT sum(calls) FROM upload_quality") == [(123,)]


def test_exactly_these_payments_followed_a_call(sample: World) -> None:
    found = sample.rows("SELECT loan_id, CAST(amount AS INTEGER), call_sid FROM _recoveries")
    assert set(found) == RECOVERED
    assert len(found) == len(RECOVERED)
    assert sample.value("SELECT sum(recovered_amount) FROM employee_performance") == 47050


def test_employees_are_told_apart_by_id_else_by_name(sample: World) -> None:
    found = sample.rows("SELECT employee, loans FROM employee_performance ORDER BY employee")
    assert found == [
        ("(none)", 1),
        ("Arjun Menon", 10),
        *[("E101", 12), ("E102", 14), ("E103", 12), ("E104", 12), ("E105", 14)],
    ]
