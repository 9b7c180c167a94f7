"""What the layout promises: arrows of import, one contract, true headers, pages that are up to date."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import REPO, World

from expectations.contract import ColumnRule, column_rules, reference_rules
from models import dictionary
from models.base import Base, description
from models.published import published_tables
from orchestration.cli.app import app
from orchestration.settings import PREFIX, Settings
from orchestration.store.connection import connect
from orchestration.warehouse.contract import violations
from orchestration.warehouse.transforms import KEYS, LOOKUP, ROOT, WHOLE, _headings, inputs_of, load_transforms

PACKAGES = (
    "orchestration",
    *sorted(str(path.parent.relative_to(REPO)) for path in (REPO / "orchestration").glob("*/__init__.py")),
    *("models", "transforms", "expectations", "database"),
)
SQL_FILES = sorted(path for path in ROOT.glob("*/**/*.sql") if path.parent.name != "macros")
TABLES = list(published_tables())
COLUMNS = [
    pytest.param(table, column, id=f"{table}.{column.name}")
    for table, model in published_tables().items()
    for column in model.__table__.columns
]


MADE = REPO / "benchmarks" / "work"  # what benchmarks make, an environment of other packages among it


def modules(*packages: str) -> list[Path]:
    found = sorted(path for package in packages for path in (REPO / package).rglob("*.py"))
    return [path for path in found if not path.is_relative_to(MADE)]


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it, by its full name."""
    package = ".".join(path.relative_to(REPO).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


# --- text ---------------------------------------------------------------------------------------------------

EVERYWHERE = modules("orchestration", "models", "transforms", "expectations", "database", "benchmarks", "tests")


def leaves_encoding_open(call: ast.Call) -> bool:
    """Whether a call reads or writes text in the encoding of whatever locale it runs in.

    Ruff's PLW1514 asks the same, but sees only paths whose type it can tell.
    """
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    stated = {keyword.arg: keyword.value for keyword in call.keywords}
    if "encoding" in stated:
        return False
    if name == "open":
        place = 0 if isinstance(call.func, ast.Attribute) else 1
        mode = stated.get("mode") or next(iter(call.args[place:]), ast.Constant("r"))
        module = getattr(getattr(call.func, "value", None), "id", "")
        text = isinstance(mode, ast.Constant) and isinstance(mode.value, str) and "b" not in mode.value
        return text and module not in ("os", "tarfile", "archive")  # an archive gives bytes
    is_pipe = any(getattr(stated.get(name), "value", False) is True for name in ("text", "universal_newlines"))
    return name in ("read_text", "write_text", "TextIOWrapper") or is_pipe


@pytest.mark.parametrize("path", EVERYWHERE, ids=lambda path: str(path.relative_to(REPO)))
def test_text_is_read_and_written_as_utf_8(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    assert [call.lineno for call in calls if leaves_encoding_open(call)] == []


@pytest.mark.parametrize("path", modules("orchestration", "models", "database"), ids=lambda path: str(path.name))
def test_no_regular_expression_repeats_a_group_possessively(path: Path) -> None:
    """Python 3.11.2, which Debian has, matches such a group wrongly."""
    assert re.findall(r"\)[*+?]\+", path.read_text(encoding="utf-8")) == []


# --- locks --------------------------------------------------------------------------------------------------

LOCKS = ("requirements.lock", "benchmarks/dbt_requirements.lock")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_versions_and_hashes_and_no_place_to_get_them_from(lock: str) -> None:
    lines = (REPO / lock).read_text(encoding="utf-8").splitlines()
    word = r"(\s+--hash=sha256:[0-9a-f]{64}|[a-z0-9.-]+==[\w.+!]+( ; [^/]+)?) ?\\?"
    assert [line for line in lines if not line.startswith("#") and not re.fullmatch(word, line)] == []


def test_what_loancalls_is_measured_beside_has_the_same_duckdb() -> None:
    found = [re.findall(r"^duckdb==(\S+)", (REPO / lock).read_text(encoding="utf-8"), re.M) for lock in LOCKS]
    assert len(found[0]) == 1 and found[0] == found[1]


# --- imports ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    modules("models", "transforms", "expectations"),
    ids=lambda path: str(path.relative_to(REPO)),
)
def test_nothing_below_imports_what_runs_it(path: Path) -> None:
    assert [module for module in imports(path) if within(module, "orchestration")] == []


@pytest.mark.parametrize(
    "path",
    modules("orchestration", "models", "transforms", "expectations"),
    ids=lambda path: str(path.relative_to(REPO)),
)
def test_nothing_imports_the_face_that_the_earlier_system_had(path: Path) -> None:
    assert [module for module in imports(path) if within(module, "database")] == []


# The rooms of orchestration in the order of the data: each knows itself and what stands before it. The reader alone
# knows errors only.
ROOMS = ("errors", "progress", "reader", "settings", "store", "ingest", "warehouse", "earlier", "report")
ROOMS += ("defs", "definitions", "cli")


def room_of(module: str) -> str | None:
    """The room that a module is in, or None outside orchestration."""
    return module.split(".")[1] if within(module, "orchestration") else None


@pytest.mark.parametrize("path", modules("orchestration"), ids=lambda path: str(path.relative_to(REPO)))
def test_imports_point_one_way(path: Path) -> None:
    parts = path.relative_to(REPO).with_suffix("").parts
    if parts[1] == "__init__":
        assert list(imports(path)) == []
        return
    room = parts[1]
    known = ("errors", "reader") if room == "reader" else ROOMS[: ROOMS.index(room) + 1]
    assert [module for module in imports(path) if (room_of(module) or room) not in known] == []


@pytest.mark.parametrize(
    "path",
    modules("orchestration", "database", "models", "transforms", "expectations"),
    ids=lambda path: str(path.relative_to(REPO)),
)
def test_dagster_is_known_to_defs_and_the_command_line_only(path: Path) -> None:
    if path.relative_to(REPO).parts[:2] not in {
        ("orchestration", "defs"), ("orchestration", "cli"), ("orchestration", "definitions.py")
    }:  # fmt: skip
        assert [module for module in imports(path) if within(module, "dagster")] == []


@pytest.mark.parametrize("path", modules("database"), ids=lambda path: path.name)
def test_the_compatibility_layer_knows_the_home_the_settings_and_the_models(path: Path) -> None:
    assert [module for module in imports(path) if room_of(module) not in (None, "store", "settings", "errors")] == []
    assert [module for module in imports(path) if within(module, "expectations") or within(module, "transforms")] == []


def test_imports_are_found_however_they_are_written(tmp_path: Path) -> None:
    found = list(imports(REPO / "orchestration" / "reader" / "__init__.py"))
    assert any(within(module, "orchestration.reader") for module in found)
    assert "orchestration.errors.LoancallsError" in list(imports(REPO / "orchestration" / "store" / "home.py"))


@pytest.mark.parametrize("name", ["assets.py", "checks.py"])
def test_annotations_are_not_postponed_where_dagster_reads_them(name: str) -> None:
    assert "__future__.annotations" not in list(imports(REPO / "orchestration" / "defs" / name))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_belongs_in_it(package: str) -> None:
    assert ast.get_docstring(ast.parse((REPO / package / "__init__.py").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "path",
    modules("orchestration", "models", "expectations", "database"),
    ids=lambda path: str(path.relative_to(REPO)),
)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


# --- the contract -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A home without any file, with every table built."""
    return World(tmp_path_factory.mktemp("structure") / "home").load()


def columns_of(world: World, table: str) -> list[tuple[str, str]]:
    with connect(world.home.warehouse, world.home, world.settings, read_only=True) as con:
        return [(name, kind) for name, kind, *_ in con.execute(f"DESCRIBE {table}").fetchall()]


@pytest.mark.parametrize("table", TABLES)
def test_the_sql_of_a_published_table_gives_its_contracts_columns(empty: World, table: str) -> None:
    assert table in load_transforms()
    model = published_tables()[table]
    built = columns_of(empty, table)
    assert [name for name, _ in built] == [column.name for column in model.__table__.columns]
    assert violations(model, built) == []


def test_a_table_that_leaves_its_contract_is_told_how(empty: World) -> None:
    loans, built = published_tables()["loans"], columns_of(empty, "loans")
    assert "lacks updated_at" in violations(loans, built[:-1])[0]
    assert "has more too" in violations(loans, [*built, ("more", "VARCHAR")])[0]
    assert "orders them otherwise" in violations(loans, built[::-1])[0]
    assert violations(loans, [("id", "VARCHAR"), *built[1:]]) == ["column id is VARCHAR, models.Loan says UUID"]


def test_every_mart_is_published() -> None:
    marts = {name for name, transform in load_transforms().items() if transform.layer == "marts"}
    assert marts <= set(TABLES)


@pytest.mark.parametrize("table, column", COLUMNS)
def test_every_promise_of_the_contract_is_an_expectation(table: str, column: object) -> None:
    rules = column_rules(table)
    key = tuple(part.name for part in published_tables()[table].__table__.primary_key.columns)
    if not column.nullable:
        assert ColumnRule("not_null", (column.name,)) in rules
    if column.info["unique"]:
        assert ColumnRule("unique", key if column.name in key else (column.name,)) in rules
    if column.info["allowed"]:
        assert ColumnRule("allowed", (column.name,), column.info["allowed"]) in rules
    references = [rule for rule in reference_rules(table) if rule.column == column.name]
    assert len(references) == len(column.foreign_keys)
    for reference in column.foreign_keys:
        parent, target = reference.target_fullname.split(".")
        assert target in published_tables()[parent].__table__.columns
        assert any(rule.name.endswith(f"_to_{parent}") for rule in references)


@pytest.mark.parametrize("table, column", COLUMNS)
def test_every_column_is_described_in_a_sentence(table: str, column: object) -> None:
    assert re.fullmatch(r".{4,200}[.]", column.comment or ""), f"{table}.{column.name}: {column.comment}"


@pytest.mark.parametrize("model", published_tables().values(), ids=TABLES)
def test_every_table_is_described_with_its_grain(model: type[Base]) -> None:
    assert description(model).endswith(".") and description(model) != description(Base)
    assert model.__grain__.startswith("one row per ")


# --- the transforms -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_transform_says_its_grain_and_its_meaning(path: Path) -> None:
    headings = _headings(path.read_text(encoding="utf-8"))
    assert headings["Grain"].startswith("one row per ") and headings["Meaning"].endswith(".")


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_transform_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 110


def test_what_is_published_is_kept_and_what_is_made_of_all_rows_reads_what_is_kept() -> None:
    """A build of a part makes everything else of the touched rows alone."""
    known = load_transforms()
    assert [name for name in TABLES if not known[name].is_kept and not known[name].is_view] == []
    made_of_all = [name for name, one in known.items() if one.identifies in (WHOLE, LOOKUP)]
    read = {table for name in made_of_all for table in inputs_of(name) if table in known}
    assert len(made_of_all) > 5 and [table for table in sorted(read) if not known[table].is_kept] == []


def test_every_kind_of_key_has_a_file_and_is_used() -> None:
    files = {path.stem for path in (ROOT / "keys").glob("*.sql")}
    assert {key.replace(" ", "_") for key in KEYS} == files
    assert {one.identifies for one in load_transforms().values() if one.replaced_by} == set(KEYS)


# --- the pages ----------------------------------------------------------------------------------------------


def test_the_data_dictionary_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert dictionary.main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_data_dictionary_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dictionary, "PATH", tmp_path / "docs" / "tables.md")
    assert dictionary.main(["--check"]) == 1
    assert "run `make docs`" in capsys.readouterr().err
    assert dictionary.main([]) == 0
    assert dictionary.main(["--check"]) == 0


def test_the_readme_names_every_command() -> None:
    readme = (REPO / "README.md").read_text(encoding="utf-8")
    commands = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert commands
    assert [name for name in commands if f"loancalls {name}" not in readme] == []


def test_the_readme_names_every_setting() -> None:
    readme = (REPO / "README.md").read_text(encoding="utf-8")
    names = set(re.findall(r'"([A-Z_]+[A-Z])"', (REPO / "orchestration" / "settings.py").read_text(encoding="utf-8")))
    assert {"HOME", "TIMEZONE"} < names and len(names) >= len(Settings.__dataclass_fields__) - 2
    assert [name for name in sorted(names) if f"`{PREFIX}{name}`" not in readme] == []


@pytest.mark.parametrize("path", sorted((REPO / "transforms").rglob("*.sql")), ids=lambda path: path.stem)
def test_no_transform_reads_the_clock_or_draws_lots(path: Path) -> None:
    """Everything after raw is a function of raw: the same rows come back with the same ids."""
    sql = "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("--"))
    forbidden = r"\b(now|random|uuid|gen_random_uuid|nextval|today|setseed)\s*\(|\bcurrent_(date|time|timestamp)\b"
    assert not re.search(forbidden, sql, re.IGNORECASE)
