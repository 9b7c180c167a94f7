"""The SQL expressions that transforms share (`transforms/macros/`), for a connection that needs some or all of them."""

import re
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import transforms

_FOLDER = Path(transforms.__file__).parent / "macros"


def macros() -> str:
    """The SQL of the shared expressions, in an order in which they can be made."""
    return "\n".join(_by_name().values())


def macros_in(sql: str) -> str:
    """The SQL of the shared expressions that a query uses, and of those that these use."""
    known = _by_name()
    needed: set[str] = set()
    todo = [sql]
    while todo:
        for name in _called(todo.pop()) & known.keys() - needed:
            needed.add(name)
            todo.append(known[name])
    return "\n".join(statement for name, statement in known.items() if name in needed)


@cache
def _by_name() -> dict[str, str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.sql")))
    found = {match[1]: match[0] for match in re.finditer(r"(?ms)^CREATE OR REPLACE MACRO (\w+)\(.*?;$", text)}
    uses = {name: sorted(_called(statement) & found.keys() - {name}) for name, statement in found.items()}
    return {name: found[name] for name in TopologicalSorter(uses).static_order()}


def _called(sql: str) -> set[str]:
    return set(re.findall(r"\b(\w+)\(", sql))
