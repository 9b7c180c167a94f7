"""Files that never have a header, known by the shape of their records."""

import re
from collections.abc import Sequence

ASTERISK = "Asterisk's Master.csv"

# What its module cdr_csv writes, in this order; what follows, it writes only if it is told to.
_ALWAYS = (
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata"),
    *("start", "answer", "end", "duration", "billsec", "disposition", "amaflags"),
)
_NEW_COLUMNS = ("peeraccount", "linkedid", "sequence")
_MOMENT = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[ T]\d{1,2}:\d{2}(:\d{2})?")
_SECONDS = re.compile(r"\d+")
_UNIQUE_ID = re.compile(r"(\S+-)?\d+\.\d+")
_DISPOSITIONS = {"answered", "noanswer", "busy", "failed", "congestion", "unknown"}
_AMA_FLAGS = {"omit", "billing", "documentation", "default", "ignore", "unknown"}


def known_shape(cells: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """What a record of these cells is from, and the names of its columns; None for any other record."""
    if not 0 <= len(cells) - len(_ALWAYS) <= 2 + len(_NEW_COLUMNS):
        return None
    record = {name: cell.strip() for name, cell in zip(_ALWAYS, cells, strict=False)}
    placed = (
        all(_MOMENT.fullmatch(record[name]) for name in ("start", "end"))
        and (not record["answer"] or _MOMENT.fullmatch(record["answer"]))
        and all(_SECONDS.fullmatch(record[name]) for name in ("duration", "billsec"))
        and record["disposition"].replace(" ", "").lower() in _DISPOSITIONS
        and record["amaflags"].lower() in _AMA_FLAGS
    )
    return (ASTERISK, (*_ALWAYS, *_further(cells[len(_ALWAYS) :]))) if placed else None


def _further(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns that a system may leave out: an id, a field for its users, and three newer ones."""
    new = _NEW_COLUMNS if len(cells) >= len(_NEW_COLUMNS) else ()
    both = ("uniqueid", "userfield")
    number = len(cells) - len(new)
    if number == 1:
        return (both[0] if _UNIQUE_ID.fullmatch(cells[0].strip()) else both[1], *new)
    return (*both[:number], *new)
