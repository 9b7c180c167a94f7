"""The contract of `models` in DuckDB's words: types, and whether a built table keeps to it."""

import sqlalchemy as sa

from models.base import Base, Pii, published_tables


def duckdb_type(column: sa.Column) -> str:
    """The published type of a column, as DuckDB prints it."""
    kind = column.type
    if isinstance(kind, sa.Uuid):
        return "UUID"
    if isinstance(kind, sa.JSON):
        return "JSON"
    if isinstance(kind, sa.DateTime):
        return "TIMESTAMP"
    if isinstance(kind, sa.Double):
        return "DOUBLE"
    if isinstance(kind, sa.Numeric):
        return f"DECIMAL({kind.precision},{kind.scale})"
    for python, name in ((sa.Date, "DATE"), (sa.Boolean, "BOOLEAN"), (sa.BigInteger, "BIGINT"), (sa.Integer, "INTEGER")):
        if isinstance(kind, python):
            return name
    return "VARCHAR"


def warehouse_types(column: sa.Column) -> set[str]:
    """The types a column may have in the warehouse: hashes are 16 bytes there, and JSON may still be text."""
    published = duckdb_type(column)
    if column.info["pii"] is Pii.HASH:
        return {"UUID"}
    return {published, "VARCHAR"} if published == "JSON" else {published}


def violations(model: type[Base], built: list[tuple[str, str]]) -> list[str]:
    """What a built table (name and type of each column, in order) has other than its contract, in words."""
    contract = list(model.__table__.columns)
    if [name for name, _ in built] != [column.name for column in contract]:
        missing = [column.name for column in contract if column.name not in dict(built)]
        extra = [name for name, _ in built if name not in model.__table__.columns]
        detail = [f"lacks {', '.join(missing)}"] if missing else []
        detail += [f"has {', '.join(extra)} too"] if extra else []
        return [f"the columns are not those of models.{model.__name__}: it {' and '.join(detail) or 'orders them otherwise'}"]
    return [
        f"column {column.name} is {kind}, models.{model.__name__} says {duckdb_type(column)}"
        for column, (_, kind) in zip(contract, built, strict=True)
        if kind not in warehouse_types(column)
    ]


__all__ = ["duckdb_type", "published_tables", "violations", "warehouse_types"]
