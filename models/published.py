"""Every published table: the classes of all modules that have some."""

from typing import Any

from models import borrowers, calls, marts, uploads
from models.base import Base

# In the order of the dictionary: what is known of uploads, borrowers and calls, then what is made of it.
_CORE = (uploads, borrowers, calls)


def published_tables() -> dict[str, type[Base]]:
    """Every published table by name; in each of the two parts as its classes say."""
    classes: list[type[Base]] = [mapper.class_ for mapper in Base.registry.mappers]
    core, made = {module.__name__ for module in _CORE}, marts.__name__

    def key(model: Any) -> tuple[int, int]:
        return 0 if model.__module__ in core else 1 if model.__module__ == made else 2, model.__order__

    return {model.__tablename__: model for model in sorted(classes, key=key)}
