"""The command line: load, ask, see what became of each upload, open the UI."""

import gc
import getpass
import os
import re
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.output import Watch, as_csv, complain, harmless, print_frame, write_as
from orchestration.errors import LoancallsError, UsageError
from orchestration.settings import Settings, load_settings
from orchestration.store.home import Home
from orchestration.store.names import name_as_text

if TYPE_CHECKING:
    from orchestration.cli.run import RunReport
    from orchestration.ingest.corrections import Corrected

app = typer.Typer(
    name="loancalls",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Loan books and call logs as people send them, turned into one warehouse a data team trusts.\n\n"
    "Put files into the inbox of the home (LOANCALLS_HOME, by default data/) or name them, and `loancalls run`. "
    'Then ask: loancalls query "SELECT * FROM employee_performance ORDER BY rank".',
)
_debug = False


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    global _debug
    _debug = debug


@app.command()
def run(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files, or folders of them, to copy into the inbox first. A manifest.csv beside them says who sent "
            "them when."
        ),
    ] = None,
    reread: Annotated[
        bool,
        typer.Option(
            "--reread",
            help="Read the original bytes of uploads in the lake again: those named (by file name or the first digits "
            "of the sha256), or all.",
        ),
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Rebuild everything downstream of raw.")] = False,
    uploaded_at: Annotated[
        str | None,
        typer.Option(help="When the files were sent: 2026-03-01T09:30, local, or with a zone. Else their own time."),
    ] = None,
    uploaded_by: Annotated[str | None, typer.Option(help="Who sent the files. Else their owner.")] = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            help="Exit 1, although the result is published, where a file that was read could not be used (failed) or "
            "more than a share of its rows could not (errors:5%).",
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="The same as --fail-on failed --fail-on errors:0%.")] = False,
) -> None:
    """Load everything new in the inbox, end to end: read, build, check, publish.

    Says what became of each file that it has read. Exits 0 when the result was published (rows with errors are data,
    not failure), 1 when a check or a step failed and nothing was published, 2 for wrong usage.
    """
    from orchestration.cli.run import run as run_all
    from orchestration.ingest.inbox import hash_in_key

    tolerated = _tolerated([*(fail_on or []), *(["failed", "errors:0%"] if strict else [])])
    settings, home = _home()
    files = files or []
    if reread and (uploaded_at or uploaded_by):
        raise UsageError("--reread reads the lake's own copies; it cannot change senders and times.")
    if (uploaded_at or uploaded_by) and not files:
        raise UsageError("--uploaded-at and --uploaded-by are about the files you name; name at least one.")
    moment = _moment(uploaded_at, settings)
    with Watch() as watch:
        again = [name_as_text(str(name)) for name in files] if reread else None
        sender = name_as_text(uploaded_by) if uploaded_by else None
        _say_new(home)
        report = run_all(home, settings, [] if reread else files, full, sender, moment, watch.progress(), again)
    _stop_on(report)
    if report.is_unchanged:
        typer.echo(f"Nothing is new; the published file stands as it is: {home.analytics}")
        return
    read = [hash_in_key(key) for key in report.read]
    if read:
        _print_uploads(home, settings, read)
        _print_findings(home, settings, read)
        typer.echo()
    else:
        typer.echo("Nothing new in the inbox.")
    _print_totals(home, settings)
    typer.echo(f"Published: {home.analytics}")
    _fail_on(tolerated, home, settings, read)


def _tolerated(fail_on: list[str]) -> float | None:
    """The largest share of rows with errors, in percent, that is no failure; None where nothing is one."""
    shares = []
    for word in fail_on:
        share = re.fullmatch(r"failed|errors:(\d+(?:\.\d+)?)%", word)
        if share is None:
            raise UsageError(f"--fail-on is '{word}'; it must be failed or, for more than 5 % of its rows, errors:5%.")
        shares.append(float(share.group(1) or 100))
    return min(shares, default=None)


def _fail_on(tolerated: float | None, home: Home, settings: Settings, shas: list[str]) -> None:
    """Exit 1 where one of these uploads could not be used, or less of it than is tolerated."""
    from orchestration.report.summary import upload_summary

    if tolerated is None:
        return
    worse: list[str] = []
    for upload in upload_summary(home, settings, shas).iter_rows(named=True):
        name, total, errors = upload["filename"], upload["total"], upload["error"] or 0
        if upload["status"] == "failed":
            worse.append(f"{name} could not be used")
        elif 100 * errors > tolerated * total:
            worse.append(f"{errors:,} of the {total:,} rows of {name} could not be used")
    if worse:
        complain(f"Published, but {'; '.join(worse)}.")
        raise typer.Exit(1)


def _moment(said: str | None, settings: Settings, option: str = "--uploaded-at") -> datetime | None:
    """The time that an option states, as naive UTC."""
    from orchestration.ingest.manifest import WrongMoment, parse_moment

    if said is None:
        return None
    try:
        return parse_moment(said, timedelta(minutes=settings.utc_offset_minutes))
    except WrongMoment as wrong:
        raise UsageError(f"{option} is '{said}'{wrong}") from None


@app.command("import")
def import_database(
    url: Annotated[
        str,
        typer.Argument(help="postgresql://user:password@host/name, sqlite:///file or duckdb:///file; only read."),
    ],
) -> None:
    """Take in a whole database of the earlier system, build, check, publish, and say what became of every row.

    Exits 0 when every row is in the warehouse, merged into another or refused with a reason; 1 when one is not, or when
    the run failed and nothing was published; 2 for wrong usage. Importing the same database again changes nothing.
    """
    import polars as pl

    from orchestration.cli.run import run as run_all
    from orchestration.earlier.import_database import import_database as take_in
    from orchestration.earlier.reconcile import reconcile

    settings, home = _home()
    with Watch() as watch:
        progress = watch.progress()
        with home.lock(progress.say):
            imported = take_in(home, url, progress)
            _say_new(home)
            report = run_all(home, settings, [], progress=progress)
            accounts = [] if report.failures else reconcile(home, settings, imported)
    _stop_on(report)
    columns = ("table", "rows", "in_warehouse", "merged", "refused", "why")
    print_frame(pl.DataFrame([{name: getattr(account, name) for name in columns} for account in accounts]), "table")
    typer.echo(f"Published: {home.analytics}")
    complaints = [complaint for account in accounts if (complaint := account.complaint())]
    for complaint in complaints:
        complain(complaint)
    if complaints:
        raise typer.Exit(1)


_UPLOAD = Annotated[
    str, typer.Argument(metavar="UPLOAD", help="Its file name, or the first digits of its sha256.", show_default=False)
]
_BY = Annotated[str | None, typer.Option("--by", help="Who says so. Else the user who runs the command.")]


@app.command()
def withdraw(
    upload: _UPLOAD,
    undo: Annotated[bool, typer.Option("--undo", help="Bring it back.")] = False,
    by: _BY = None,
) -> None:
    """Take back an upload that was sent by mistake: nothing after raw is made of it any more.

    It stays in the lake and in file_uploads, as withdrawn, however often it arrives. What was written through a session
    is not withdrawn; delete it there. Exits as `run` does.
    """
    from orchestration.ingest.corrections import withdraw as take_back

    settings, home = _home()
    _correct(home, settings, lambda: take_back(home, settings, name_as_text(upload), _who(by), undo))


@app.command()
def restate(
    upload: _UPLOAD,
    uploaded_at: Annotated[
        str | None, typer.Option(help="When it was sent: 2026-03-01T09:30, local, or with a zone.")
    ] = None,
    uploaded_by: Annotated[str | None, typer.Option(help="Who sent it.")] = None,
    by: _BY = None,
) -> None:
    """Say anew when or by whom an upload was sent, earlier or later, whatever the file or its manifest says.

    Of several corrections of an upload the last one made counts. Exits as `run` does.
    """
    from orchestration.ingest.corrections import restate as say_anew

    settings, home = _home()
    moment, sender = _moment(uploaded_at, settings), name_as_text(uploaded_by) if uploaded_by else None
    if moment is None and sender is None:
        raise UsageError("Say what is to be corrected: --uploaded-at, --uploaded-by or both.")
    _correct(home, settings, lambda: say_anew(home, settings, name_as_text(upload), _who(by), moment, sender))


def _correct(home: Home, settings: Settings, change: Callable[[], "Corrected"]) -> None:
    from orchestration.cli.run import correct

    with Watch() as watch:
        corrected, report = correct(home, settings, change, watch.progress())
    typer.echo(harmless(corrected.said))
    _stop_on(report)
    if not report.is_unchanged:
        typer.echo(f"Published: {home.analytics}")


def _who(by: str | None) -> str:
    if by:
        return name_as_text(by)
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        return str(os.getuid())


@app.command()
def uploads(
    names: Annotated[
        list[str] | None, typer.Argument(help="Only these: file names, or first digits of their sha256.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only those that were sent then or later: 2026-03-01, or with a time.")
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that could not be used as a whole.")] = False,
    last: Annotated[int | None, typer.Option(min=1, help="Only the last so many, by when they were sent.")] = None,
    format: Annotated[str, typer.Option(help="table, csv or json.")] = "table",
) -> None:
    """See what became of each upload: its records by outcome, what was wrong, in which lines, and how to fix it.

    As csv or json: one row for each upload, or, of uploads that are named, for each thing that was wrong.

    Reads the lake, so that it answers after a failed run too; counts of outcomes are those last published.
    """
    from orchestration.store.lake import Lake

    settings, home = _home()
    shas = [sha256 for _, sha256 in Lake(home).named([name_as_text(name) for name in names or []])]
    if since is not None or failed or last is not None:
        shas = _chosen(home, settings, shas, _moment(since, settings, "--since"), failed, last)
        if not shas and format == "table":
            typer.echo("No upload is such.")
            return
    if format == "table" or not names:
        _print_uploads(home, settings, shas, format)
    if format == "table" or names:
        _print_findings(home, settings, shas, format)


def _chosen(
    home: Home, settings: Settings, shas: list[str], since: datetime | None, failed: bool, last: int | None
) -> list[str]:
    """Which of some uploads are such, in their order."""
    from orchestration.store.lake import Lake

    found = [
        row["sha256"]
        for row in Lake(home).uploads().iter_rows(named=True)
        if row["sha256"] in shas
        and (since is None or row["uploaded_at"] >= since)
        and not (failed and row["message"] is None)
    ]
    return found[-last:] if last else found


@app.command()
def rejects(
    upload: _UPLOAD,
    also_partly_used: Annotated[
        bool, typer.Option("--also-partly-used", help="Rows too that were used without one of their cells.")
    ] = False,
    to: Annotated[
        Path | None, typer.Option("--to", help="The file to write; else standard output.", show_default=False)
    ] = None,
) -> None:
    """Write the rows of an upload that were not used as CSV, to send back to whoever sent the file.

    With each: its line, its cells as they were sent, what is wrong and how to fix it. Cells that a spreadsheet would
    run as a formula are quoted with '. The file holds personal data in clear, whatever is published.
    """
    from orchestration.ingest.corrections import the_upload
    from orchestration.report.rejects import rejects as rows_of
    from orchestration.store.lake import Lake

    settings, home = _home()
    with Watch() as watch, home.lock(watch.progress().say):
        found = the_upload(Lake(home), settings, name_as_text(upload))
        frame = rows_of(home, settings, found["sha256"], also_partly_used)
    if not frame.height:
        complain(f"Every row of {found['filename']} was used{'' if also_partly_used else ', if not every cell'}.")
        return
    text = "\ufeff" + as_csv(frame)  # by the mark in front, Excel knows that it is UTF-8
    if to:
        to.write_text(text, encoding="utf-8", newline="")
    else:
        write_as(sys.stdout, encoding="utf-8")
        sys.stdout.write(text)
    complain(
        f"{frame.height:,} rows of {found['filename']}, with personal data in clear: give them to the sender only."
    )


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over the published tables; - reads it from standard input.")],
    format: Annotated[str, typer.Option(help="table, csv or json.")] = "table",
) -> None:
    """Ask a question of the published database: one SELECT (DESCRIBE, SHOW TABLES, SUMMARIZE and EXPLAIN too).

    It sees the published tables only and changes nothing: files, other databases, settings and extensions are closed
    to it. docs/tables.md says what there is to ask for.

    Cells of text that a spreadsheet would run as a formula are quoted with ' in CSV.
    """
    settings, home = _home()
    if not home.analytics.exists():
        raise LoancallsError(f"Nothing has been published in {home.root} yet; run `loancalls run FILE...` first.")
    from orchestration.cli.query import answer

    print_frame(answer(home, settings, _standard_input() if sql == "-" else name_as_text(sql)), format)


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("Standard input is not UTF-8; save the SQL as UTF-8.") from None


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port to listen on, on this machine only.")] = 3000,
) -> None:
    """Open the Dagster UI on this home: the asset graph, every run with its log, lineage, checks and sensors."""
    _, home = _home()
    environment = {**os.environ, "DAGSTER_HOME": str(home.dagster), "LOANCALLS_HOME": str(home.root)}
    typer.echo(f"Dagster on http://127.0.0.1:{port}, home {home.root}. Ctrl-C ends it.")
    command = [
        *(sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions"),
        *("-h", "127.0.0.1", "-p", str(port)),
    ]
    sys.stdout.flush()
    os.chdir(home.root)
    # A background shell leaves interrupts ignored, and Dagster would then ignore being terminated too.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execve(sys.executable, command, environment)  # Dagster takes this process, and so its signals


def main() -> None:
    """The console script: errors of ours are one sentence; exit codes as `run --help` states."""
    os.umask(0o077)  # also what DuckDB and Dagster write holds personal data
    # Libraries make a million objects that stay, and Python would look through them all again and again.
    gc.set_threshold(100_000)
    for stream in (sys.stdout, sys.stderr):
        write_as(stream, errors="backslashreplace")  # a terminal that lacks a letter shows its code
    try:
        app(standalone_mode=True)
    except LoancallsError as error:
        if _debug:
            raise
        complain(str(error))
        raise SystemExit(2 if isinstance(error, UsageError) else 1) from None


def _home() -> tuple[Settings, Home]:
    settings = load_settings()
    return settings, Home(settings.home).prepare()


def _say_new(home: Home) -> None:
    """Loading has made a home where none was: that is said, as another one may have been meant."""
    if home.is_new:
        complain(f"{home.root} is a new home. To load into another one, set LOANCALLS_HOME.")


def _stop_on(report: "RunReport") -> None:
    """Say why a run has failed, and exit 1; what went wrong once the result was published does not undo it."""
    for failure in report.failures:
        complain(failure)
    if report.failures and report.is_published:
        complain("The result was published all the same.")
    elif report.failures:
        complain("Nothing was published; the earlier result, if any, is unchanged.")
        raise typer.Exit(1)


def _print_uploads(home: Home, settings: Settings, shas: list[str] | None = None, format: str = "table") -> None:
    """What became of the uploads whose sha256 start so, or of all."""
    from orchestration.report.summary import upload_summary

    frame = upload_summary(home, settings, shas)
    if frame.is_empty() and format == "table":
        typer.echo(f"No uploads yet; put files into {home.inbox} or name them: loancalls run FILE...")
        return
    print_frame(frame, format)


def _print_totals(home: Home, settings: Settings) -> None:
    """All uploads of the home in one line."""
    from orchestration.report.summary import upload_summary

    frame = upload_summary(home, settings)
    counts = frame.group_by("status", maintain_order=True).len().rows()
    by_status = ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in sorted(counts))
    total, *others = frame.select("total", "good", "duplicate", "error").sum().row(0)
    rows = ", ".join(f"{count:,} {name}" for count, name in zip(others, ("good", "duplicate", "error"), strict=True))
    uploads = f"{frame.height:,} uploads" + (f" ({by_status})" if frame.height else "")
    typer.echo(f"In {home.root}: {uploads}, {total:,} records ({rows}).")


def _print_findings(home: Home, settings: Settings, shas: list[str], format: str = "table") -> None:
    """What was wrong with the uploads whose sha256 start so."""
    from orchestration.report.summary import upload_findings

    frame = upload_findings(home, settings, shas)
    if format == "table" and frame.height:
        typer.echo("\nWhat was wrong, and how to fix it:")
    if format != "table" or frame.height:
        print_frame(frame, format)
