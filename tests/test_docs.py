"""The pages keep their word: queries are answered, examples run, the table of CONTRIBUTING can be added."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from support import REPO, SAMPLE, World, loancalls

from orchestration.cli.app import app


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page that are in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", (REPO / page).read_text(encoding="utf-8"), re.M | re.S)


def block(page: str, language: str, word: str) -> str:
    """The one code block of a page that has the word."""
    (found,) = [text for text in blocks(page, language) if word in text]
    return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The sample files, published."""
    world = World(tmp_path_factory.mktemp("docs") / "demo")
    for path in sorted(SAMPLE.glob("*.csv")):
        world.inbox.take(path)
    world.load()
    world.publish()
    return world


@pytest.mark.parametrize("sql", blocks("README.md", "sql"))
def test_the_questions_of_the_readme_are_answered(demo: World, sql: str) -> None:
    with duckdb.connect(str(demo.home.analytics), read_only=True) as con:
        assert con.execute(sql).fetchall()


@pytest.mark.parametrize("sql", re.findall(r'loancalls query "(.*?)"', "".join(blocks("README.md", "sh"))))
def test_the_commands_of_the_readme_ask_what_can_be_asked(demo: World, sql: str) -> None:
    with duckdb.connect(str(demo.home.analytics), read_only=True) as con:
        assert con.execute(sql).fetchall()


def test_what_the_readme_prints_is_what_comes_out(demo: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert block("README.md", "text", "balances") == loancalls(demo.home.root, "uploads", "balances_0903.csv").stdout


@pytest.mark.parametrize("home", ["the demo's", "a new one"])
def test_the_python_of_the_pages_runs_one_after_the_other(
    demo: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: str
) -> None:
    shutil.copytree(demo.home.root, tmp_path / "demo")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOANCALLS_HOME", "demo" if home == "the demo's" else "new")
    for page, said in (
        ("README.md", "\n+919700012001\n"),
        ("docs/moving-over.md", "Usha Rao +919700012002 50000.00 call_completed\n"),
    ):
        exec("".join(blocks(page, "python")), {})
        printed = capsys.readouterr().out
        assert printed.endswith(said) and ("Sunita Hegde" in printed) == (page == "README.md")


def test_commands_of_moving_over_are_there() -> None:
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    named = re.findall(r"bin/loancalls ([a-z]+)", text_of("docs/moving-over.md"))
    assert {"import", "run", "uploads"} <= {*named} <= commands


def test_what_a_page_says_that_a_program_says_is_what_it_says() -> None:
    said = re.findall(r'^\|[^|]*"([^"|]+)"', text_of("docs/moving-over.md"), re.M)
    modules = [path for package in ("database", "models", "orchestration") for path in (REPO / package).rglob("*.py")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in modules)
    assert len(said) > 10
    assert [sentence for sentence in said if sentence not in source] == []


def test_the_readme_names_every_error_code(demo: World) -> None:
    readme = (REPO / "README.md").read_text(encoding="utf-8")
    sql = "".join(path.read_text(encoding="utf-8") for path in (REPO / "transforms").rglob("*.sql"))
    codes = set(re.findall(r"'(\w+): ", sql))
    codes |= {code for (code,) in demo.rows("SELECT DISTINCT code FROM upload_errors")}
    assert {"missing_loan_id", "bad_amount", "bad_quoting"} <= codes
    assert {code for code in codes if f"`{code}`" not in readme} == set()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/moving-over.md"])
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (REPO / page).read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (REPO / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_target_of_make_that_is_named_is_there(page: str) -> None:
    named = set(re.findall(r"\bmake ([a-z]+)\b", "\n".join(re.findall(r"`[^`]+`|^make .*", text_of(page), re.M))))
    targets = set(re.findall(r"^([a-z]+):", (REPO / "Makefile").read_text(encoding="utf-8"), re.M))
    assert named and named <= targets


def text_of(page: str) -> str:
    return (REPO / page).read_text(encoding="utf-8")


def test_the_table_of_the_example_can_be_added(demo: World, tmp_path: Path) -> None:
    project = tmp_path / "project"
    for package in ("orchestration", "models", "transforms", "expectations", "tests", "data/sample"):
        shutil.copytree(REPO / package, project / package, ignore=shutil.ignore_patterns("__pycache__"))
    (project / "transforms/marts/calls_by_weekday.sql").write_text(
        block("CONTRIBUTING.md", "sql", "weekday"), encoding="utf-8"
    )
    marts = project / "models" / "marts.py"
    imported = marts.read_text(encoding="utf-8").replace("import BigInteger, ", "import BigInteger, Integer, ")
    marts.write_text(f"{imported}\n\n{block('CONTRIBUTING.md', 'python', 'CallsByWeekday')}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _ADDED, str(project / "home")],
        cwd=project,
        env={**os.environ, "PYTHONPATH": f"{project}{os.pathsep}{project / 'tests'}"},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    days = [tuple(int(figure) for figure in line.split()) for line in done.stdout.splitlines()]
    assert [day for day, _ in days] == sorted({day for day, _ in days} & set(range(1, 8)))
    assert sum(attempts for _, attempts in days) == demo.value(
        "SELECT count(*) FROM call_sessions WHERE status <> 'not_initiated' AND initiated_at IS NOT NULL"
    )


_ADDED = """
import sys
from pathlib import Path
from support import SAMPLE, World, check_contract
from orchestration.definitions import defs
from orchestration.defs.assets import asset_key
world = World(Path(sys.argv[1]))
for path in sorted(SAMPLE.glob("*.csv")):
    world.inbox.take(path)
world.load()
assert all(outcome.passed for outcome in check_contract(world.home.warehouse, "calls_by_weekday"))
assert asset_key("calls_by_weekday") in defs.resolve_asset_graph().get_all_asset_keys()
for row in world.rows("SELECT weekday, attempts FROM calls_by_weekday ORDER BY weekday"):
    print(*row)
"""


@pytest.mark.parametrize("test", [text for text in blocks("CONTRIBUTING.md", "python") if "def test_" in text])
def test_the_test_of_the_example_passes(world: World, test: str) -> None:
    names: dict = {}
    exec(test, names)
    (run,) = [value for name, value in names.items() if name.startswith("test_")]
    run(world)
