"""The connection that reads uploads: locked into one folder, for good, and spilling beside the lake."""

import glob
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from support import World

from orchestration.ingest import run as ingest_module
from orchestration.store.connection import connect, lock_into
from orchestration.store.lake import Lake

BOOK = b"loan_id,phone\nL1,9845012345\n"


def quoted(path: Path | str) -> str:
    return "'" + str(path).replace("'", "''") + "'"


class Locked:
    """A connection that is locked into `folder`, beside which lies what it must not reach."""

    def __init__(self, root: Path, name: str):
        self.root, self.folder = root, root / name
        self.folder.mkdir(parents=True)
        (root / "secret.csv").write_text("a,b\nsecret,2\n", encoding="utf-8")
        pl.DataFrame({"secret": [2]}).write_parquet(root / "secret.parquet")
        (self.folder / "in.csv").write_text("a,b\n3,4\n", encoding="utf-8")
        (self.folder / "link.csv").symlink_to(root / "secret.csv")
        (self.folder / "out").symlink_to(root, target_is_directory=True)
        for twin in (f"{name}x", name.replace("[x]", "x")):
            if not (root / twin).exists():
                (root / twin).mkdir()
                (root / twin / "in.csv").write_text("a,b\ntwin,2\n", encoding="utf-8")
        self.con = duckdb.connect(config={"temp_directory": str(root / "tmp"), "autoinstall_known_extensions": False})
        self.con.execute(
            f"CREATE TABLE t AS SELECT 1 AS a; ATTACH {quoted(root / 'before.db')} AS before; DETACH before"
        )
        lock_into(self.con, self.folder)

    def run(self, sql: str) -> list[tuple]:
        inside = glob.escape(str(self.folder))
        paths = {
            "in": f"{inside}/in.csv", "new": self.folder / "new.csv", "database": self.folder / "new.db",
            "all": f"{inside}/*.csv", "link": f"{inside}/link.csv", "out": f"{inside}/out/secret.csv",
            "new_out": self.folder / "out" / "new.csv", "link_plain": self.folder / "link.csv",
            "up": f"{inside}/../secret.csv", "secret": self.root / "secret.csv",
            "parquet": self.root / "secret.parquet",
            "root": self.root, "root_all": f"{self.root}/*", "twin": f"{self.root}/{self.folder.name}x/in.csv",
            "pattern_twin": self.folder / "in.csv", "beside": self.root / "new.csv", "old": self.root / "before.db",
        }  # fmt: skip
        return self.con.execute(sql.format(**{name: quoted(path) for name, path in paths.items()})).fetchall()


@pytest.fixture(scope="module", params=["home", "ho[x]me 'q'"])
def locked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Locked:
    return Locked(tmp_path_factory.mktemp("locked"), request.param)


OUTSIDE = [
    *("FROM read_csv({secret})", "FROM read_text({secret})", "FROM read_blob({secret})", "FROM {secret}"),
    *("FROM sniff_csv({secret})", "FROM read_parquet({parquet})", "FROM parquet_metadata({parquet})"),
    *("FROM read_json({secret})", "FROM glob({root_all})", "FROM read_text({root_all})", "FROM read_csv({twin})"),
    *("FROM read_csv({up})", "FROM read_csv([{in}, {secret}])", "FROM read_text('/etc/hostname')"),
    *("FROM read_blob('/proc/self/environ')", "FROM read_text('https://localhost:1/x')"),
    "FROM read_csv('/dev/stdin')",
    *("FROM read_csv({link})", "FROM read_text({link})", "FROM read_text({out})", "COPY t FROM {link}"),
    *("COPY t TO {beside}", "COPY t TO {new_out}", "COPY t TO {link_plain}", "COPY t TO {secret}"),
    "COPY t FROM {secret}",
    *("COPY t TO '/dev/stdout'", "EXPORT DATABASE {root}", "IMPORT DATABASE {root}"),
    *("ATTACH {beside}", "ATTACH {old}", "ATTACH {old} (READ_ONLY)", "CREATE PERSISTENT SECRET s (TYPE http)"),
    *("INSTALL httpfs", "LOAD httpfs", "INSTALL {secret}", "LOAD {secret}", "INSTALL spatial FROM community"),
]  # fmt: skip


@pytest.mark.parametrize("sql", OUTSIDE)
def test_nothing_outside_the_folder_is_read_or_written(locked: Locked, sql: str) -> None:
    with pytest.raises(duckdb.Error) as refused:
        locked.run(sql)
    assert isinstance(refused.value, duckdb.PermissionException), str(refused.value)
    assert (locked.root / "secret.csv").read_text(encoding="utf-8") == "a,b\nsecret,2\n"
    assert not (locked.root / "new.csv").exists() and not (locked.root / "schema.sql").exists()


CHANGES = [
    *("SET enable_external_access = true", "SET lock_configuration = false", "SET allowed_directories = ['/']"),
    *("RESET allowed_directories", "SET allowed_paths = ['/etc/hostname']", "RESET enable_external_access"),
    *("SET temp_directory = '/tmp'", "RESET temp_directory", "SET memory_limit = '64GB'", "SET threads = 64"),
    *("PRAGMA memory_limit = '64GB'", "SET GLOBAL memory_limit = '64GB'", "SET autoinstall_known_extensions = true"),
    *("SET allow_unsigned_extensions = true", "SET extension_directory = '/tmp'"),
    "SET custom_extension_repository = 'x'",
    *("SET TimeZone = 'UTC'", "PRAGMA enable_profiling = 'json'", "SET profile_output = '/tmp/x'"),
    "SET enable_logging = true",
]  # fmt: skip


@pytest.mark.parametrize("sql", CHANGES)
def test_no_setting_can_be_changed(locked: Locked, sql: str) -> None:
    with pytest.raises(duckdb.Error) as refused:
        locked.run(sql)
    assert "configuration" in str(refused.value), str(refused.value)
    with pytest.raises(duckdb.PermissionException):
        locked.run("FROM read_text({secret})")


def test_reading_and_writing_inside_works(locked: Locked) -> None:
    assert locked.run("FROM read_csv({in})") == [(3, 4)]
    locked.run("COPY (SELECT 7 AS a, 8 AS b) TO {new}")
    (locked.folder / "new.csv").rename(locked.folder / "in.csv")
    assert locked.run("FROM read_csv({in})") == [(7, 8)]
    (locked.folder / "in.csv").write_text("a,b\n3,4\n", encoding="utf-8")
    locked.run("ATTACH {database} AS inside")
    locked.run("CREATE TABLE inside.t AS SELECT 5 AS a")
    assert locked.run("FROM inside.t") == [(5,)]
    locked.run("DETACH inside")
    locked.con.register("frame", pa.table({"x": [1, 2]}))
    assert locked.run("SELECT sum(x) FROM frame") == [(3,)]


def test_ingest_reads_with_such_a_connection(new_world, monkeypatch) -> None:
    """Whatever a file brings DuckDB to do: it has no other file within its reach, and no setting."""
    world, tried = new_world(), []
    real = ingest_module.store

    def store(lake: Lake, staged: Path, sha256: str, con: duckdb.DuckDBPyConnection, *limits: object) -> object:
        outside = [world.home.inbox / "a.csv", world.home.warehouse, world.home.lake / "originals", "/etc/hostname"]
        statements = [f"FROM read_text({quoted(path)})" for path in outside]
        for sql in (*statements, "SET enable_external_access = true", "LOAD httpfs"):
            with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)):
                con.execute(sql).fetchall()
            tried.append(sql)
        return real(lake, staged, sha256, con, *limits)

    monkeypatch.setattr(ingest_module, "store", store)
    world.put("a.csv", BOOK)
    world.load()
    assert len(tried) == 6
    assert world.rows("SELECT loan_id FROM loans") == [("L1",)]


BIG_SORT = "SELECT count(*), max(place) FROM (SELECT row_number() OVER (ORDER BY text) AS place FROM big)"


@pytest.mark.parametrize("name", ["home", "ho[x]me 'q'"])
def test_what_does_not_fit_into_memory_is_spilled_beside_the_lake(tmp_path: Path, name: str) -> None:
    world = World(tmp_path / name, memory_limit="60MB", threads="1")
    con = connect(":memory:", world.home, world.settings)
    try:
        lock_into(con, world.home.staging)
        con.execute(
            "CREATE TABLE big AS SELECT md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS text FROM range(1_200_000) r(i)"
        )
        spilled = con.execute("SELECT count(*), min(path) FROM duckdb_temporary_files()").fetchone()
        assert spilled[0] > 0 and Path(spilled[1]).is_relative_to(world.home.root / "tmp")
        assert con.execute(BIG_SORT).fetchone() == (1_200_000, 1_200_000)
    finally:
        con.close()
