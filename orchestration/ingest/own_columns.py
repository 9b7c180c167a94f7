"""A lender's own headers and status words: `columns.toml` in the home.

[headers]                     # a header of theirs = the field that it is
"Borr Mob" = "phone"

[status_words]                # a word of theirs = the status that it means
"Baat Hui" = "call_completed"
"""

import json
import tomllib
from collections.abc import Callable, Mapping

import polars as pl

from models import rules
from models.base import CallStatus
from models.borrowers import LOAN_STATUSES
from models.fields import CALL_LOG, FIELDS, LOAN_BOOK, UNKNOWN
from models.headers import Vocabulary, header_key
from orchestration.errors import LoancallsError
from orchestration.store.facts import FILE, READING, ReadingNotes
from orchestration.store.home import Home
from orchestration.store.lake import Lake

_SECTIONS = ("headers", "status_words")
# The columns whose words a lender may explain.
_STATUS_FIELDS = {CALL_LOG: "status", LOAN_BOOK: "loan_status"}


def own_vocabulary(home: Home) -> Vocabulary:
    """What the home's columns.toml says, or nothing where there is none. Raises LoancallsError if it is wrong."""
    path = home.root / "columns.toml"
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Vocabulary()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LoancallsError(f"{path} cannot be read: {error}. Write it as docs/reading.md shows.") from None
    for name in said.keys() - set(_SECTIONS):
        raise LoancallsError(f"{path} has a section [{name}]; it may have {' and '.join(f'[{s}]' for s in _SECTIONS)}.")
    fields = {name for kind in _STATUS_FIELDS for name, aliases in FIELDS[kind].items() if aliases}
    headers = _section(str(path), said, "headers", fields, "field", header_key)
    words = _section(str(path), said, "status_words", {*CallStatus, *LOAN_STATUSES}, "status", rules.letters)
    return Vocabulary(headers, words)


def read_otherwise(lake: Lake, own: Vocabulary) -> list[str]:
    """The sha256 of the uploads in the lake that would be read otherwise now, and with `own`, than they were."""
    found = []
    for row in lake.uploads().iter_rows(named=True):
        was = Vocabulary.from_json(row["vocabulary"])
        is_of_file = row["source"] in (FILE, None)
        if row["reading"] != READING or (is_of_file and was != own and _concerns(lake, row, was, own)):
            found.append(row["sha256"])
    return found


def _concerns(lake: Lake, upload: Mapping, was: Vocabulary, own: Vocabulary) -> bool:
    headers = {key for key, _ in was.headers.items() ^ own.headers.items()}
    words = {key for key, _ in was.words.items() ^ own.words.items()}
    if upload["kind"] == UNKNOWN:  # what is no known header may be a record, so it is not kept among the facts
        return bool(headers)
    mapped = [name for names in json.loads(upload["column_mapping"]).values() for name in names]
    unused = ReadingNotes.from_json(upload["notes"]).unused_columns
    if not headers.isdisjoint(map(header_key, [*mapped, *unused])):
        return True
    if not words:
        return False
    stated = lake.rows(upload["sha256"], upload["kind"]).select(pl.col(_STATUS_FIELDS[upload["kind"]]).unique())
    return not words.isdisjoint(rules.letters(word) for (word,) in stated.collect().iter_rows() if word)


def _section(
    path: str, said: Mapping, name: str, allowed: set[str], what: str, key_of: Callable[[str], str]
) -> dict[str, str]:
    section = said.get(name, {})
    if not isinstance(section, dict):
        raise LoancallsError(f"{path}: {name} must be a section, written as [{name}].")
    found: dict[str, str] = {}
    for text, meant in section.items():
        if meant not in allowed:
            raise LoancallsError(
                f"{path}: '{text}' = '{meant}' names no {what}; it may be {', '.join(sorted(allowed))}."
            )
        key = key_of(text)
        if found.setdefault(key, meant) != meant:
            raise LoancallsError(f"{path}: '{text}' is there twice, as {found[key]} and as {meant}; keep one of them.")
    return found
