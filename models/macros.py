"""The SQL expressions that transforms share, for a connection: ingest needs a few of them, the warehouse all."""

import re
from functools import cache
from pathlib import Path

import transforms

_MACROS = Path(transforms.__file__).parent / "macros.sql"


@cache
def macros() -> str:
    """The SQL of the shared expressions."""
    return _MACROS.read_text(encoding="utf-8")


def macros_in(sql: str) -> str:
    """The SQL of the shared expressions that a query uses, and of those that these use."""
    known = _by_name()
    needed: set[str] = set()
    todo = [sql]
    while todo:
        for name in set(re.findall(r"\b(\w+)\(", todo.pop())) & known.keys() - needed:
            needed.add(name)
            todo.append(known[name])
    return "\n".join(statement for name, statement in known.items() if name in needed)


@cache
def _by_name() -> dict[str, str]:
    return {match[1]: match[0] for match in re.finditer(r"(?ms)^CREATE OR REPLACE MACRO (\w+)\(.*?;$", macros())}
