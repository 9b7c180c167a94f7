"""Expectations that follow from the contract: not null, unique, references, allowed values. Nothing to list by hand."""

from dataclasses import dataclass

import sqlalchemy as sa

from models.published import published_tables


@dataclass(frozen=True)
class ColumnRule:
    """A rule about single columns: `kind` is not_null, unique or allowed."""

    kind: str
    columns: tuple[str, ...]
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowRule:
    """A rule about rows: `query` selects the keys of rows that break it, from `{batch}` and other tables."""

    name: str
    sentence: str
    query: str
    column: str = ""


def key_columns(table: str) -> list[str]:
    """The primary key of a published table."""
    return [column.name for column in published_tables()[table].__table__.primary_key.columns]


def column_rules(table: str) -> list[ColumnRule]:
    """The rules about the columns of a published table, in the order of its columns."""
    key = key_columns(table)
    compound = len(key) > 1
    rules = [ColumnRule("unique", tuple(key))] if compound else []
    for column in published_tables()[table].__table__.columns:
        if not column.nullable:
            rules.append(ColumnRule("not_null", (column.name,)))
        if column.info["unique"] and not (compound and column.primary_key):
            rules.append(ColumnRule("unique", (column.name,)))
        if column.info["allowed"]:
            rules.append(ColumnRule("allowed", (column.name,), column.info["allowed"]))
    return rules


def reference_rules(table: str) -> list[RowRule]:
    """Every value of a referencing column is there in the column it refers to."""
    rules = []
    for column in published_tables()[table].__table__.columns:
        for reference in column.foreign_keys:
            rules.append(_reference(table, column, reference))
    return rules


def _reference(table: str, column: sa.Column, reference: sa.ForeignKey) -> RowRule:
    parent, target = reference.target_fullname.split(".")
    keys = ", ".join(f"child.{key}" for key in key_columns(table))
    return RowRule(
        name=f"{column.name}_refers_to_{parent}",
        sentence=f"{column.name} is a {parent}.{target}",
        column=column.name,
        query=(
            f"SELECT {keys} FROM (SELECT * FROM {{batch}}) AS child "
            f"LEFT JOIN {CHECKED_AS.get(parent, parent)} AS parent ON parent.{target} = child.{column.name} "
            f"WHERE child.{column.name} IS NOT NULL AND parent.{target} IS NULL"
        ),
    )


# Published tables that are views over raw text: their rules hold on the table that has everything but the text.
CHECKED_AS = {"upload_rows": "_upload_row_outcomes"}
