"""What the command line prints: sentences, progress, and tables as wide as the terminal."""

import io
import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from orchestration.errors import UsageError
from orchestration.progress import Progress

if TYPE_CHECKING:
    import polars as pl

_WIDE = 10_000  # columns where nobody looks, as in a file


def write_as(stream: object, **how: Any) -> None:
    if isinstance(stream, io.TextIOWrapper):  # not where a test listens
        stream.reconfigure(**how)


def complain(sentence: str) -> None:
    Console(stderr=True, highlight=False).print(harmless(sentence), style="red", markup=False, soft_wrap=True)


def harmless(text: str) -> str:
    """Control and bidi characters escaped, so that a file's name cannot repaint the terminal."""
    return "".join(
        char if char in "\n\t" or (char.isprintable() and char not in _BIDI) else f"\\u{ord(char):04x}" for char in text
    )


_BIDI = {chr(code) for code in (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


class Watch:
    """A bar per phase on a terminal; nothing elsewhere."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self.bars = Bars(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TextColumn("{task.fields[step]}"), console=self.console, disable=not self.console.is_terminal,
        )  # fmt: skip
        self.task: TaskID | None = None

    def __enter__(self) -> "Watch":
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    def progress(self) -> Progress:

        return Progress(phase=self._phase, step=self._step, say=self._say)

    def _phase(self, name: str, steps: int) -> None:
        self.task = self.bars.add_task(name, total=steps, step="")

    def _step(self, name: str) -> None:
        if self.task is not None:
            self.bars.update(self.task, advance=1, step=harmless(name).replace("\n", " "))

    def _say(self, sentence: str) -> None:
        self.console.print(harmless(sentence), markup=False, highlight=False, soft_wrap=True)


def print_frame(frame: "pl.DataFrame", format: str) -> None:

    if format in ("csv", "json"):
        write_as(sys.stdout, encoding="utf-8")  # for programs: the same bytes in any locale
    if format == "csv":
        sys.stdout.write(as_csv(frame))
    elif format == "json":
        sys.stdout.write(json.dumps(frame.to_dicts(), ensure_ascii=False, default=str, indent=1) + "\n")
    elif format == "table":
        console = Console(highlight=False)
        if not console.is_terminal and "COLUMNS" not in os.environ:
            console.width = _WIDE
        table = _table(frame)
        fits = console.measure(table, options=console.options.update(max_width=_WIDE)).maximum <= console.width
        for line in [table] if fits else _listed(frame, console):
            console.print(line)
        console.print("1 row" if frame.height == 1 else f"{frame.height:,} rows")
    else:
        raise UsageError(f"--format is '{format}'; it must be table, csv or json.")


def _table(frame: "pl.DataFrame") -> Table:
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for name, kind in frame.schema.items():
        table.add_column(harmless(name), justify="right" if kind.is_numeric() else "left", overflow="fold")
    for row in frame.iter_rows():
        table.add_row(*("" if cell is None else escape(_plain(cell)) for cell in row))
    return table


def _listed(frame: "pl.DataFrame", console: Console) -> Iterator[Text]:
    """The lines of a frame that is too wide for a table: one field a line, and a blank line between rows.

    What is null is left out. A cell that is too long goes on below itself.
    """
    margin = max(map(len, frame.columns), default=0) + 2
    for row in frame.iter_rows():
        for name, cell in zip(frame.columns, row, strict=True):
            if cell in (None, ""):
                continue
            wrapped = Text(_plain(cell)).wrap(console, max(console.width - margin, 10))
            for number, line in enumerate(wrapped):
                line.rstrip()
                yield Text.assemble(((harmless(name) if number == 0 else "").ljust(margin), "bold"), line)
        yield Text("")


def as_csv(frame: "pl.DataFrame") -> str:
    """A frame as CSV; text that a spreadsheet would run as a formula is quoted with '."""
    import polars as pl

    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    frame = frame.with_columns(
        pl.Series(name, [None if cell is None else json.dumps(cell, default=str) for cell in frame[name].to_list()])
        for name in nested
    )
    text = [name for name, kind in frame.schema.items() if kind == pl.String]
    formula = pl.col(text).str.contains(r"^[=+\-@\t\r]")
    neutral = frame.with_columns(pl.when(formula).then("'" + pl.col(text)).otherwise(pl.col(text)).name.keep())
    return (neutral if text else frame).write_csv()


def _plain(value: object) -> str:
    return harmless(f"{value:.3f}" if isinstance(value, float) else str(value)).replace("\n", "\\n")
