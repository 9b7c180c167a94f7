"""Every setting: what it takes, and the sentence for what it does not."""

from pathlib import Path

import pytest

from orchestration.errors import UsageError
from orchestration.settings import Settings, load_settings

HERE = Path.cwd()
DEFAULTS = Settings(home=HERE / "data")

# fmt: off
VALID = [
    ("HOME", "/srv/loans", {"home": Path("/srv/loans")}),
    ("HOME", "here/there", {"home": HERE / "here" / "there"}),
    ("HOME", "~/loans", {"home": Path.home() / "loans"}),
    ("HOME", "", {}),
    ("TIMEZONE", "UTC", {"timezone": "UTC", "utc_offset_minutes": 0}),
    ("TIMEZONE", "Asia/Kathmandu", {"timezone": "Asia/Kathmandu", "utc_offset_minutes": 345}),
    ("TIMEZONE", " Asia/Kolkata ", {}),
    ("TIMEZONE", "Etc/GMT+5", {"timezone": "Etc/GMT+5", "utc_offset_minutes": -300}),
    ("PII", "clear", {"pii": "clear"}),
    ("PII", "MASKED", {}),
    ("PII_KEY", "a secret of ours ", {"pii_key": "a secret of ours "}),
    ("CONTACT_SECONDS", "0", {"contact_seconds": 0}),
    ("CONTACT_SECONDS", " 25 ", {"contact_seconds": 25}),
    ("RECOVERY_DAYS", "30", {"recovery_days": 30}),
    ("CALL_WINDOW", "09:30-18:05", {"call_window_start_minute": 570, "call_window_end_minute": 1085}),
    ("CALL_WINDOW", "7:00-23:59", {"call_window_start_minute": 420, "call_window_end_minute": 1439}),
    ("MEMORY_LIMIT", "4GB", {"memory_limit": "4GB"}),
    ("MEMORY_LIMIT", "1.5 GiB", {"memory_limit": "1.5 GiB"}),
    ("MEMORY_LIMIT", "", {}),
    ("THREADS", "1", {"threads": 1}),
    ("THREADS", " ", {}),
    ("WAIT_SECONDS", "0", {"wait_seconds": 0}),
    ("ENGINE", "DuckDB", {}),
    ("MAX_FILE_BYTES", "10000000000", {"max_file_bytes": 10_000_000_000}),
    ("MAX_COLUMNS", "20", {"max_columns": 20}),
]
ZONE, WHOLE = "state an IANA name such as Asia/Kolkata.", "it must be a whole number of at least"
CLOCKS = "which changes its clocks; only fixed zones are supported."
INVALID = [
    ("TIMEZONE", "Mars/Olympus", f"is 'Mars/Olympus'; {ZONE}"),
    ("TIMEZONE", "../../etc/passwd", f"is '../../etc/passwd'; {ZONE}"),
    ("TIMEZONE", "IST+05:30", f"is 'IST+05:30'; {ZONE}"),
    ("TIMEZONE", "Europe/Berlin", f"is 'Europe/Berlin', {CLOCKS}"),
    ("TIMEZONE", "Australia/Sydney", f"is 'Australia/Sydney', {CLOCKS}"),
    ("PII", "none", "is 'none'; it must be masked or clear."),
    ("PII_KEY", "", "is blank; state at least 16 characters, or unset it to have a key made."),
    ("PII_KEY", "  ", "is blank; state at least 16 characters, or unset it to have a key made."),
    ("PII_KEY", " eleven one ", "has 10 characters; state at least 16 characters, or unset it to have a key made."),
    ("CONTACT_SECONDS", "-1", f"is '-1'; {WHOLE} 0."),
    ("CONTACT_SECONDS", "ten", f"is 'ten'; {WHOLE} 0."),
    ("CONTACT_SECONDS", "1.5", f"is '1.5'; {WHOLE} 0."),
    ("CONTACT_SECONDS", "१०", f"is '१०'; {WHOLE} 0."),
    ("CONTACT_SECONDS", "9999999999", f"is '9999999999'; {WHOLE} 0."),
    ("RECOVERY_DAYS", "7 days", f"is '7 days'; {WHOLE} 0."),
    ("CALL_WINDOW", "8-19", "is '8-19'; state it as 08:00-19:00."),
    ("CALL_WINDOW", "08:00-24:00", "is '08:00-24:00'; state it as 08:00-19:00."),
    ("CALL_WINDOW", "08:60-19:00", "is '08:60-19:00'; state it as 08:00-19:00."),
    ("CALL_WINDOW", "19:00-08:00", "is '19:00-08:00'; it must end after it starts, as 08:00-19:00 does."),
    ("CALL_WINDOW", "08:00-08:00", "is '08:00-08:00'; it must end after it starts, as 08:00-19:00 does."),
    ("MEMORY_LIMIT", "lots", "is 'lots'; state a size such as 4GB."),
    ("MEMORY_LIMIT", "50%", "is '50%'; state a size such as 4GB."),
    ("MEMORY_LIMIT", "4", "is '4'; state a size such as 4GB."),
    ("MEMORY_LIMIT", "4GB'; DROP", "is '4GB'; DROP'; state a size such as 4GB."),
    ("THREADS", "0", f"is '0'; {WHOLE} 1."),
    ("THREADS", "all", f"is 'all'; {WHOLE} 1."),
    ("ENGINE", "spark", "is 'spark'; it must be duckdb."),
    ("MAX_FILE_BYTES", "4GB", f"is '4GB'; {WHOLE} 1."),
    ("MAX_LINE_BYTES", "10", f"is '10'; {WHOLE} 1000."),
    ("MAX_COLUMNS", "0", f"is '0'; {WHOLE} 1."),
]
# fmt: on


@pytest.mark.parametrize(("name", "value", "changed"), VALID)
def test_a_setting_changes_what_it_names_and_nothing_else(name, value, changed):
    assert load_settings({f"LOANCALLS_{name}": value, "OTHER": "x"}) == Settings(**{**DEFAULTS.__dict__, **changed})


@pytest.mark.parametrize(("name", "value", "sentence"), INVALID)
def test_a_wrong_setting_is_one_sentence(name, value, sentence):
    with pytest.raises(UsageError) as wrong:
        load_settings({f"LOANCALLS_{name}": value})
    assert str(wrong.value) == f"LOANCALLS_{name} {sentence}"


def test_without_settings_all_are_as_described():
    assert load_settings({}) == DEFAULTS
    assert (DEFAULTS.timezone, DEFAULTS.utc_offset_minutes, DEFAULTS.pii, DEFAULTS.pii_key) == (
        *("Asia/Kolkata", 330, "masked", None),
    )
    assert (DEFAULTS.contact_seconds, DEFAULTS.recovery_days, DEFAULTS.engine) == (10, 7, "duckdb")
    assert (DEFAULTS.memory_limit, DEFAULTS.threads) == (None, None)


@pytest.mark.parametrize("variable", ["LOANCALLS_HOMES", "LOANCALLS_", "LOANCALLS_pii"])
def test_an_unknown_setting_is_refused(variable):
    with pytest.raises(UsageError) as wrong:
        load_settings({variable: "x"})
    assert str(wrong.value) == (
        f"{variable} is not a setting; the settings are CALL_WINDOW, CONTACT_SECONDS, ENGINE, HOME, "
        "MAX_CELL_BYTES, MAX_COLUMNS, MAX_FILE_BYTES, MAX_HEADER_BYTES, MAX_LINE_BYTES, "
        "MEMORY_LIMIT, PII, PII_KEY, RECOVERY_DAYS, THREADS, TIMEZONE, WAIT_SECONDS."
    )


def test_settings_are_read_from_the_process(monkeypatch):
    monkeypatch.setenv("LOANCALLS_CONTACT_SECONDS", "42")
    assert load_settings().contact_seconds == 42


def test_transforms_see_the_settings_they_may_read():
    env = {"LOANCALLS_TIMEZONE": "UTC", "LOANCALLS_CALL_WINDOW": "09:00-10:30", "LOANCALLS_PII_KEY": "a secret of ours"}
    assert load_settings(env).sql_row() == {
        "utc_offset_minutes": 0,
        "contact_seconds": 10,
        "recovery_days": 7,
        "call_window_start_minute": 540,
        "call_window_end_minute": 630,
    }
