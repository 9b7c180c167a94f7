"""The command line where the locale is not UTF-8: the same tables, and letters that the terminal lacks stop nothing."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest
from support import LOANCALLS, SAMPLE, World

from models.published import published_tables

NAME = "ಸಾಲ ₹.csv"
BOOK = 'loan_id,name,phone,balance\nK1,ಆಶಾ,9845012345,"₹ 50,000"\nK2,José,9845012346,₹ 1.50\n'
LATIN_1 = "en_IN.ISO-8859-1"


def latin_1_locale(folder: Path) -> dict[str, str]:
    """A locale in Latin-1, made in `folder`; skips without the means to make one."""
    if shutil.which("localedef") is None:
        pytest.skip("localedef, which makes a Latin-1 locale, is not installed")
    command = ["localedef", "-i", "en_US", "-f", "ISO-8859-1", str(folder / LATIN_1)]
    made = subprocess.run(command, capture_output=True, encoding="utf-8")
    if not (folder / LATIN_1).exists():
        pytest.skip(f"localedef made no Latin-1 locale: {made.stderr.strip()[:200]}")
    return {"LC_ALL": LATIN_1, "LOCPATH": str(folder)}


def environment(home: Path, locale: dict[str, str]) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("LOANCALLS_", "DAGSTER", "LC_"))}
    in_locale = {"LOANCALLS_HOME": str(home), "LOANCALLS_PII": "clear", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    return plain | in_locale | locale


def loancalls(home: Path, locale: dict[str, str], *arguments: str) -> bytes:
    done = subprocess.run([LOANCALLS, *arguments], env=environment(home, locale), capture_output=True)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout


def published(home: Path) -> dict[str, list[tuple]]:
    with duckdb.connect(home / "analytics.duckdb", read_only=True) as con:
        return {table: con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in published_tables()}


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, and a book with letters of several scripts in its name and cells."""
    folder = tmp_path_factory.mktemp("sent")
    for path in SAMPLE.glob("*.csv"):
        shutil.copy(path, folder)
    (folder / NAME).write_text(BOOK, encoding="utf-8")
    with (folder / "manifest.csv").open("a", encoding="utf-8") as manifest:
        manifest.write(f"{NAME},ಆಶಾ,2026-03-10 09:00\n")
    return folder


@pytest.fixture(scope="module")
def expected(sent: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple]]:
    world = World(tmp_path_factory.mktemp("utf8") / "home", pii="clear")
    for path in sorted(sent.glob("*.csv")):
        world.inbox.take(path)
    world.load().publish()
    return published(world.home.root)


@pytest.fixture(scope="module", params=["C", "latin-1"])
def loaded(request: pytest.FixtureRequest, sent: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """A home loaded by the command line in a locale that is not UTF-8, and that locale."""
    folder = tmp_path_factory.mktemp("home")
    locale = {"LC_ALL": "C"} if request.param == "C" else latin_1_locale(folder)
    loancalls(folder / "home", locale, "run", *map(str, sorted(sent.glob("*.csv"))))
    return folder / "home", locale


def test_every_table_is_as_under_utf_8(loaded: tuple[Path, dict], expected: dict[str, list[tuple]]) -> None:
    found = published(loaded[0])
    assert found.keys() == expected.keys()
    for table in expected:
        assert found[table] == expected[table], table


def test_names_senders_and_amounts_are_what_was_sent(loaded: tuple[Path, dict]) -> None:
    with duckdb.connect(loaded[0] / "analytics.duckdb", read_only=True) as con:
        assert con.execute("SELECT uploaded_by FROM file_uploads WHERE filename = ?", [NAME]).fetchall() == [("ಆಶಾ",)]
        loans = con.execute("SELECT loan_id, outstanding_amount FROM loans WHERE loan_id IN ('K1', 'K2') ORDER BY 1")
        assert [(loan, float(amount)) for loan, amount in loans.fetchall()] == [("K1", 50000.0), ("K2", 1.5)]


def test_a_terminal_that_lacks_letters_shows_their_codes(loaded: tuple[Path, dict]) -> None:
    home, locale = loaded
    sql = "SELECT full_name FROM customers WHERE full_name IN ('ಆಶಾ', 'José')"
    assert b"\\u0c86\\u0cb6\\u0cbe" in loancalls(home, locale, "query", sql)
    assert b"\\u20b9" in loancalls(home, locale, "uploads", NAME)


def test_csv_and_json_are_utf_8_in_any_locale(loaded: tuple[Path, dict]) -> None:
    home, locale = loaded
    sql = "SELECT full_name FROM customers WHERE full_name IN ('ಆಶಾ', 'José') ORDER BY 1"
    assert loancalls(home, locale, "query", sql, "--format", "csv").decode("utf-8") == "full_name\nJosé\nಆಶಾ\n"
    assert json.loads(loancalls(home, locale, "query", sql, "--format", "json")) == [
        {"full_name": "José"},
        {"full_name": "ಆಶಾ"},
    ]


def test_a_home_that_the_locale_cannot_name_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "ಮನೆ"
    done = subprocess.run([LOANCALLS, "uploads"], env=environment(home, {"LC_ALL": "C"}), capture_output=True)
    assert (done.returncode, home.exists()) == (2, False)
    assert "set LC_ALL=C.UTF-8" in done.stderr.decode("utf-8") and "ಮನೆ" not in done.stderr.decode("utf-8")
