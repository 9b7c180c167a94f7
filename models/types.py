"""Column types that take values as scripts write them: ids as text, statuses and phones as anybody writes them."""

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from models import rules


class Id(TypeDecorator):
    """A UUID, which may be given as text."""

    impl = sa.Uuid
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> uuid.UUID | None:
        return uuid.UUID(value) if isinstance(value, str) else value

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self


class CallStatusWord(TypeDecorator):
    """A status of a call in our words; any earlier word for it may be given, also in a query."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else rules.call_status(value) or str(value)

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self


class Phone(TypeDecorator):
    """A phone as E.164; any writing of it may be given, also in a query."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else rules.phone(value) or str(value)

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self


class Words(TypeDecorator):
    """A list of words; JSON in a database that has no lists."""

    impl = sa.JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> sa.types.TypeEngine:
        has_lists = dialect.name in ("duckdb", "postgresql")
        return dialect.type_descriptor(sa.ARRAY(sa.String) if has_lists else sa.JSON())


def plain(kind: sa.types.TypeEngine) -> sa.types.TypeEngine:
    """The type that a column has in the database."""
    return kind.impl_instance if isinstance(kind, TypeDecorator) else kind
