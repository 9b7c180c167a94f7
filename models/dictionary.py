"""The data dictionary: docs/tables.md, made from the contract. `python -m models.dictionary [--check]`."""

import sys
from pathlib import Path

import sqlalchemy as sa

from models.base import Base, Pii, description, duckdb_type
from models.published import published_tables

PATH = Path(__file__).parent.parent / "docs" / "tables.md"

_INTRO = """\
# The published tables

<!-- Made from models/ by `make docs`; change the classes there, not this page. -->

Everything below is in `analytics.duckdb` of the home: ask with `loancalls query "SELECT ..."`, or open the
file read-only with DuckDB. Every `id` is a UUID derived from what its row is about, so it stays the
same when everything is rebuilt; times are UTC without a zone, dates are local, amounts are in the currency of
the files, rates are fractions. Columns with an entry under "masked" hold personal data; that is how they are
published unless `LOANCALLS_PII` is `clear`.

Mind `loan_id`: it is the lender's own number (text) in `loans` and everywhere else, but in `call_sessions` it is a
reference to `loans.id`, as in the earlier system.
"""

_MASKED = {
    Pii.TEXT: "`***`",
    Pii.PHONE: "last two digits",
    Pii.DOCUMENT: "left out (null)",
    Pii.HASH: "keyed HMAC",
    Pii.ROW_HASH: "left out (null)",
}


def dictionary() -> str:
    """The whole page as Markdown."""
    tables = published_tables()
    overview = [
        _row("table", "grain", "what it holds"),
        _rule(3),
        *(_row(f"[{name}](#{name})", model.__grain__, description(model)) for name, model in tables.items()),
    ]
    sections = [_section(name, model) for name, model in tables.items()]
    return "\n".join([_INTRO, *overview, "", "\n".join(sections)])


def _section(name: str, model: type[Base]) -> str:
    columns = [
        _row("column", "type", "null", "key or reference", "values", "masked", "meaning"),
        _rule(7),
        *(_column(column) for column in model.__table__.columns),
    ]
    return "\n".join([f"## {name}\n", f"{description(model)} Grain: {model.__grain__}.\n", *columns, ""])


def _column(column: sa.Column) -> str:
    mask = column.info["pii"]
    return _row(
        f"`{column.name}`",
        duckdb_type(column),
        "yes" if column.nullable else "no",
        _keys(column),
        ", ".join(f"`{value}`" for value in column.info["allowed"]),
        _MASKED[mask] if mask else "",
        column.comment or "",
    )


def _keys(column: sa.Column) -> str:
    if column.primary_key:
        said = ["key" if len(column.table.primary_key.columns) == 1 else "part of the key"]
    else:
        said = ["unique"] if column.info["unique"] else []
    references = sorted(reference.target_fullname for reference in column.foreign_keys)
    return ", ".join(said + [f"[{target}](#{target.split('.')[0]})" for target in references])


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _rule(cells: int) -> str:
    return "|" + " --- |" * cells


def main(arguments: list[str]) -> int:
    """Write the page; with `--check`, say whether it differs instead. Returns the exit code."""
    if arguments not in ([], ["--check"]):
        print("Use: python -m models.dictionary [--check]", file=sys.stderr)
        return 2
    page = dictionary()
    if not arguments:
        PATH.parent.mkdir(exist_ok=True)
        PATH.write_text(page, encoding="utf-8")
        return 0
    if not PATH.exists() or PATH.read_text(encoding="utf-8") != page:
        print("docs/tables.md is not what models/ says; run `make docs` and commit it.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
