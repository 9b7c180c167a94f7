"""Whether a built table keeps to the contract of `models`."""

import sqlalchemy as sa

from models.base import Base, duckdb_type
from models.published import published_tables


def warehouse_types(column: sa.Column) -> set[str]:
    """The types a column may have in the warehouse: hashes are 16 bytes there, and JSON may still be text."""
    published = duckdb_type(column)
    if column.info["pii"] and column.info["pii"].is_hash:
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
        how = " and ".join(detail) or "orders them otherwise"
        return [f"the columns are not those of models.{model.__name__}: it {how}"]
    return [
        f"column {column.name} is {kind}, models.{model.__name__} says {duckdb_type(column)}"
        for column, (_, kind) in zip(contract, built, strict=True)
        if kind not in warehouse_types(column)
    ]


__all__ = ["published_tables", "violations", "warehouse_types"]
