"""A database of the earlier system, opened for reading only, in one consistent snapshot; its rows come as text."""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import duckdb
import polars as pl
import sqlalchemy as sa

from orchestration.errors import LoancallsError, UsageError

# So many rows are fetched at a time, fewer where they are long: those of calls may hold whole conversations.
BATCH = 5_000
_BATCH_BYTES = 16 << 20
_FIRST_BATCH = 100
_KINDS = {"postgres": "postgresql", "postgresql": "postgresql", "sqlite": "sqlite", "duckdb": "duckdb"}
_ADDRESSES = "postgresql://user:password@host/name, sqlite:///file or duckdb:///file"
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Source:
    """An open database: its name, what a sentence calls it, and its tables as they are."""

    name: str
    called: str
    connection: sa.Connection
    tables: dict[str, sa.TableClause]

    def latest(self, table: str, columns: Collection[str], now: datetime) -> datetime | None:
        """The latest of the times in these columns that is not in the future, as naive UTC."""
        as_text = self._keeps_times_as_text
        limits = [sa.literal(str(limit)) if as_text else sa.literal(limit, sa.DateTime) for limit in (_EPOCH, now)]
        maxima = []
        for column in (column for column in self.tables[table].c if column.name in columns):
            moment: sa.ColumnElement
            if as_text:
                moment = sa.func.strftime("%Y-%m-%d %H:%M:%f", column)
            elif isinstance(column.type, sa.DateTime | sa.Date):
                moment = sa.cast(column, sa.DateTime)
            else:
                continue
            maxima.append(sa.cast(sa.func.max(sa.case((moment.between(limits[0], limits[1]), moment))), sa.Text))
        found = self.connection.execute(sa.select(*maxima)).one() if maxima else ()
        return max((datetime.fromisoformat(text) for text in found if text is not None), default=None)

    def count(self, table: str, where: sa.ColumnElement | None = None) -> int:
        query = sa.select(sa.func.count()).select_from(self.tables[table])
        return self.connection.execute(query if where is None else query.where(where)).scalar_one()

    def batches(
        self, table: str, columns: list[str], order: Collection[str], where: sa.ColumnElement | None = None
    ) -> Iterator[pl.DataFrame]:
        """The rows of a table as text, ordered by what it has of `order`; a column that it has not is null."""
        there = self.tables[table].c
        cells = [self.text(there[name]).label(name) for name in columns if name in there]
        query = sa.select(*cells).order_by(*(there[name].nulls_last() for name in order if name in there))
        result = self.connection.execute(
            query if where is None else query.where(where), execution_options={"stream_results": True}
        )
        schema = {name: pl.String for name in columns if name in there}
        wanted = _FIRST_BATCH
        while rows := result.fetchmany(min(wanted, BATCH)):
            frame = pl.DataFrame(rows, schema=schema, orient="row")
            yield frame.with_columns(pl.lit(None, pl.String).alias(name) for name in columns if name not in there)
            wanted = 1 + _BATCH_BYTES * len(rows) // (1 + int(frame.estimated_size()))

    def text(self, column: sa.ColumnElement) -> sa.ColumnElement:
        """A cell as text, by the database itself. A time with a zone becomes UTC, which is the session's zone."""
        if isinstance(column.type, sa.DateTime) and not self._keeps_times_as_text:
            column = sa.cast(column, sa.DateTime)
        return sa.cast(column, sa.Text)

    @property
    def _keeps_times_as_text(self) -> bool:
        return self.connection.dialect.name == "sqlite"


@contextmanager
def open_source(address: str, scratch: Path) -> Iterator[Source]:
    """Open the database at an address such as `sqlite:///old.db`; `scratch` is where it may spill what it sorts.

    Raises UsageError for an address that names no database that can be, and LoancallsError, without the password, for
    whatever goes wrong as long as it is open.
    """
    url = _url(address)
    file = None if url.drivername == "postgresql" else _file(url)
    name = (url.database or url.username or url.drivername) if file is None else file.stem
    called = f"The database {name} on {url.host or 'this machine'}" if file is None else f"The database {file}"
    secrets = {str(secret) for secret in (url.password, url.query.get("password")) if secret}
    try:
        with _engine(url, file, scratch).connect() as connection:
            _begin(connection)
            yield Source(name, called, connection, _tables(connection))
    except (sa.exc.SQLAlchemyError, duckdb.Error, UnicodeDecodeError, ImportError) as error:
        raise LoancallsError(f"{called} cannot be read: {_reason(error, secrets)}") from error


def _url(address: str) -> sa.URL:
    try:
        url = sa.make_url(address)
    except (sa.exc.ArgumentError, ValueError):
        raise UsageError(f"This is not the address of a database; write it as {_ADDRESSES}.") from None
    kind = url.drivername.split("+")[0]
    if kind not in _KINDS:
        raise UsageError(f"Databases of the kind {kind} cannot be imported; write the address as {_ADDRESSES}.")
    if "@" in (url.host or ""):  # the rest of a password, which must not be said
        raise UsageError("The password in the address contains an @, which would end it; write it as %40.")
    return url.set(drivername=_KINDS[kind])


def _file(url: sa.URL) -> Path:
    path = Path(url.database or "").expanduser().absolute()
    if not path.exists():
        raise UsageError(f"{path} cannot be imported: there is no such file; correct the address.")
    if not path.is_file():
        raise UsageError(f"{path} cannot be imported: it is not a file; write the address as {url.drivername}:///FILE.")
    return path


def _engine(url: sa.URL, file: Path | None, scratch: Path) -> sa.Engine:
    """However the address names the driver, it is the one that we install."""
    if file is None:
        patience = {} if "connect_timeout" in url.query else {"connect_timeout": 10}
        return sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            poolclass=sa.NullPool,
            isolation_level="REPEATABLE READ",
            connect_args={"client_encoding": "utf8", **patience},
        )
    if url.drivername == "sqlite":
        opened = f"file:{quote(str(file))}?mode=ro"
        return sa.create_engine(
            "sqlite://", creator=lambda: sqlite3.connect(opened, uri=True), poolclass=sa.NullPool, isolation_level=None
        )
    limits = {"temp_directory": str(scratch), "memory_limit": "1GB", "autoinstall_known_extensions": False}
    return sa.create_engine(
        sa.URL.create("duckdb", database=str(file)),
        poolclass=sa.NullPool,
        connect_args={"read_only": True, "config": limits},
    )


def _begin(connection: sa.Connection) -> None:
    """Begin a transaction that sees one state of the database to its end, and gives times in UTC."""
    if connection.dialect.name == "sqlite":
        connection.execution_options(isolation_level="AUTOCOMMIT")  # else the driver begins none for reading
        connection.exec_driver_sql("BEGIN")
    elif connection.dialect.name == "duckdb":
        connection.exec_driver_sql("SET TimeZone = 'UTC'")
    else:
        connection.execution_options(postgresql_readonly=True)
        for setting in (
            *("timezone = 'UTC'", "datestyle = 'ISO'"),
            *("statement_timeout = 0", "idle_in_transaction_session_timeout = 0"),
            "cursor_tuple_fraction = 1",  # every row will be fetched: what counts is when the last one comes
        ):
            connection.exec_driver_sql(f"SET LOCAL {setting}")


def _tables(connection: sa.Connection) -> dict[str, sa.TableClause]:
    inspector = sa.inspect(connection)
    return {
        table: sa.table(
            sa.quoted_name(table, quote=True),
            *(
                sa.column(sa.quoted_name(column["name"], quote=True), column["type"])
                for column in inspector.get_columns(table)
            ),
        )
        for table in sorted(inspector.get_table_names())
    }


def _reason(error: Exception, secrets: set[str]) -> str:
    """The database's own words in one line, without cells it quotes and without the password."""
    if isinstance(error, ImportError | sa.exc.NoSuchModuleError):
        return f"its driver is not installed ({error}); install this program again."
    said = str(getattr(error, "orig", None) or error)
    said = " ".join(said.split(" with text ")[0].split()).rstrip(".")
    for secret in secrets:
        said = said.replace(secret, "***")
    return f"{said}; check the address and that the database can be reached."
