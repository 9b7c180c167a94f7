"""Which column serves which field, and what kind of file a header makes.

Headers are compared by what they say: case, accents, punctuation and a note in brackets make no difference, nor does it
whether a number is written no., nbr or num, an account a/c, an amount amt. Where several columns serve one field, the
first non-blank in the order of the field's names counts. A note in brackets may say a time's zone or a duration's unit.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from models.fields import (
    CALL_LOG,
    CALL_LOG_FIELDS,
    FIELDS,
    JOINED_FIELDS,
    LOAN_BOOK,
    LOAN_BOOK_FIELDS,
    TITLED_FIELDS,
    UNKNOWN,
    WEAK_IDS,
)

_LONGEST_HEADER = 200
_NOTE = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")  # as in durationMs
_ACCOUNT = re.compile(r"\ba\s*/\s*c\b")
# One word for what systems write in several ways; the long ones also where they stand without a space.
_WORDS = {"nbr": "no", "num": "no", "acct": "ac"}
_LONG_WORDS = (("number", "no"), ("account", "ac"), ("amount", "amt"))
_ZONES = {"utc": "UTC", "gmt": "UTC", "ist": "IST"}
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+-]\d{2}):?(\d{2})")
_UNITS = {
    **dict.fromkeys(("ms", "msec", "msecs", "millis", "milliseconds"), "ms"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "min"),
    **dict.fromkeys(("hh:mm", "h:mm", "hhmm"), "hh:mm"),
}


@dataclass(frozen=True)
class Vocabulary:
    """A lender's own headers and status words: header key to field, and letters of a word to our status."""

    headers: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> str | None:
        """As the lake keeps it with a reading; None for an empty one."""
        if not (self.headers or self.words):
            return None
        return json.dumps(
            {"headers": dict(self.headers), "words": dict(self.words)}, sort_keys=True, ensure_ascii=False
        )

    @classmethod
    def from_json(cls, text: str | None) -> "Vocabulary":
        return cls(**json.loads(text)) if text else cls()


@lru_cache(maxsize=8192)
def header_key(header: str) -> str:
    """What a header is compared by: `Mobile No. (10 digit)`, `MOBILE_NUMBER` and `MobileNo` are one."""
    text = unicodedata.normalize("NFKD", header[:_LONGEST_HEADER]).casefold()
    text = "".join(char for char in text if not unicodedata.combining(char))
    bare = _NOTE.sub(" ", text)
    text = _ACCOUNT.sub("ac", bare if any(map(str.isalnum, bare)) else text)
    words = re.findall(r"[^\W_]+", text)
    key = "".join(_WORDS.get(word, word) for word in words)
    for long, short in _LONG_WORDS:
        key = key.replace(long, short)
    return key


@lru_cache(maxsize=4096)
def zone_in(header: str) -> str | None:
    """The zone that a header names for its times, as a time may end with it: `Start Time (UTC)`."""
    for note in _notes(header):
        if note in _ZONES:
            return _ZONES[note]
        if offset := _OFFSET.fullmatch(note):
            return f"{offset[1]}:{offset[2]}"
    return _ZONES.get(_last_word(header))


@lru_cache(maxsize=4096)
def duration_unit_in(header: str) -> str | None:
    """The unit of a header's durations where it names another than seconds: `durationMs`, `Talk Time (min)`."""
    return next((_UNITS[word] for word in (*_notes(header), _last_word(header)) if word in _UNITS), None)


_TITLE = re.compile(r"([^:=]{2,40}?)\s*(?::\s*-?|=|\s[-–]\s)\s*([^\s:].{0,99})", re.S)
_EVERY_ONE = re.compile(r"all(\s+\w+)?", re.I)
# Without one of these nothing says what came of a call.
_SAY_WHAT_CAME_OF_IT = {
    *("status", "status_name", "vicidial_status", "customer_status", "to_leg_status", "end_reason"),
    *("duration_seconds", "conversation_seconds", "ended_at"),
}
_ANYBODYS_NUMBERS = set(map(header_key, ("phone", "phone_number", "mobile", "mobile_number", "contact_number")))
_STARTS = {"initiated_at", "initiated_date"}
_LASTS = {"duration_seconds", "conversation_seconds"}
_MONEY = {"outstanding_amount", "principal_amount", "due_amount"}


def column_positions(headers: Sequence[str], kind: str, own: Vocabulary = Vocabulary()) -> dict[str, list[int]]:
    """For each field of `kind`: the positions (from 0) of the columns that serve it, best name first.

    A header that a lender has named serves what the lender says, and nothing else.
    """
    keys = [header_key(header) for header in headers]
    named: dict[str, list[int]] = {}
    unnamed: dict[str, list[int]] = {}
    for position, key in enumerate(keys):
        if key in own.headers:
            named.setdefault(own.headers[key], []).append(position)
        else:
            unnamed.setdefault(key, []).append(position)
    if kind == LOAN_BOOK:  # a name that is there twice may be the officer's the second time
        unnamed = {key: found if key in _joined() else found[:1] for key, found in unnamed.items()}
    positions = {
        name: named.get(name, []) + [position for alias in aliases for position in unnamed.get(alias, [])]
        for name, aliases in _aliases(kind).items()
    }
    if kind == CALL_LOG:
        _as_the_system_means(keys, positions)
    return {name: found for name, found in positions.items() if found}


def unused_columns(headers: Sequence[str], kind: str, own: Vocabulary = Vocabulary()) -> list[str]:
    """The headers that no field took, as they stand in the file; none where nothing of it was read by field."""
    if kind == UNKNOWN:
        return []
    used = {position for found in column_positions(headers, kind, own).values() for position in found}
    return [header.strip() for position, header in enumerate(headers) if position not in used and header.strip()]


def kind_of(headers: Iterable[str], own: Vocabulary = Vocabulary()) -> tuple[str, str | None]:
    """The kind that a header makes, and what is missing in words (None when nothing is).

    A call id makes a call_log, else a loan id a loan_book; any other header is `unknown`. An id that any table may have
    (`id`, `uuid`) counts beside the columns of a call or a loan only. Calls without an id are known by number, start
    and duration together.
    """
    headers = list(headers)
    if not headers:
        return UNKNOWN, "it has no header, its first line looks like a record; name the columns in the first line"
    calls, loans = column_positions(headers, CALL_LOG, own), column_positions(headers, LOAN_BOOK, own)
    keys = [header_key(header) for header in headers]
    own_fields = {own.headers.get(key) for key in keys}
    has_call_id = bool(_strong("call_sid", keys)) or "call_sid" in own_fields
    has_loan_id = bool(_strong("loan_id", keys)) or "loan_id" in own_fields
    if has_call_id or _looks_like_calls(calls, keys, has_loan_id):
        if _SAY_WHAT_CAME_OF_IT & calls.keys():
            return CALL_LOG, None
        return (
            CALL_LOG,
            "it has a call id, so it is a call log, but no column that says what came of a call; add status",
        )
    if has_loan_id or ("loan_id" in loans and _looks_like_loans(loans)):
        return LOAN_BOOK, None
    return UNKNOWN, (
        "its header has neither a loan id (loan_id, loan_number, loan_account_number, LAN, agreement_no) nor a call id "
        "(call_sid, call_id, uniqueid); name that column in the first line, or say in columns.toml which it is"
    )


def known_columns(cells: Sequence[str], own: Vocabulary = Vocabulary()) -> int:
    """How many fields a row of cells would serve as the header of a loan book or a call log; 0 if it is none."""
    keys = {header_key(cell) for cell in cells}
    if _identifying().isdisjoint(keys) and keys.isdisjoint(own.headers):
        return 0
    kind, _ = kind_of(cells, own)
    return len(column_positions(cells, kind, own)) if kind != UNKNOWN else 0


def titled(text: str) -> tuple[str, str] | None:
    """The field of a loan book that a title states and what it says, or None for any other text."""
    found = _TITLE.fullmatch(text.strip())
    field = _titles().get(header_key(found[1])) if found else None
    return (field, found[2].strip()) if found and field and not _EVERY_ONE.fullmatch(found[2].strip()) else None


def _looks_like_calls(calls: Mapping[str, list[int]], keys: Sequence[str], has_loan_id: bool) -> bool:
    """Whether columns that no strong id stands beside are those of calls: a number, and a start or a duration."""
    if not {"to_number", "from_number"} & calls.keys():
        return False
    numbers = {position for name in ("to_number", "from_number") for position in calls.get(name, [])}
    is_call_number = any(keys[position] not in _ANYBODYS_NUMBERS for position in numbers)
    has_weak_id = "call_sid" in calls
    starts, lasts = bool(_STARTS & calls.keys()), bool(_LASTS & calls.keys())
    if has_loan_id:
        return False
    return (starts or lasts) if has_weak_id and is_call_number else is_call_number and starts and lasts


def _looks_like_loans(loans: Mapping[str, list[int]]) -> bool:
    return bool(_MONEY & loans.keys()) and bool({"full_name", "phone"} & loans.keys())


def _as_the_system_means(keys: Sequence[str], positions: dict[str, list[int]]) -> None:
    """Names that mean something of their own under one system's header.

    VICIdial's status codes are no words; Ozonetel's callback calls the talk time Duration beside CallDuration.
    """
    if "lengthinsec" in keys and {"phonenodialed", "vendorleadcode", "leadid"} & set(keys):
        positions["vicidial_status"] = [position for position, key in enumerate(keys) if key == "status"]
        positions["status"] = [at for at in positions["status"] if at not in positions["vicidial_status"]]
    if "monitorucid" in keys and "callduration" in keys:
        talk = [position for position, key in enumerate(keys) if key == "duration"]
        positions["conversation_seconds"] = talk + positions["conversation_seconds"]
        positions["duration_seconds"] = [at for at in positions["duration_seconds"] if at not in talk]


def _strong(name: str, keys: Sequence[str]) -> bool:
    weak = {header_key(alias) for alias in WEAK_IDS[name]}
    aliases = (CALL_LOG_FIELDS if name == "call_sid" else LOAN_BOOK_FIELDS)[name]
    return not {header_key(alias) for alias in aliases}.difference(weak).isdisjoint(keys)


@cache
def _joined() -> frozenset[str]:
    """The names of which every column counts."""
    return frozenset(alias for name in JOINED_FIELDS for alias in _aliases(LOAN_BOOK)[name])


@cache
def _titles() -> dict[str, str]:
    return {header_key(name): field for field in TITLED_FIELDS for name in LOAN_BOOK_FIELDS[field]}


@cache
def _identifying() -> frozenset[str]:
    return frozenset(map(header_key, (*LOAN_BOOK_FIELDS["loan_id"], *CALL_LOG_FIELDS["call_sid"])))


@cache
def _aliases(kind: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(dict.fromkeys(map(header_key, aliases))) for name, aliases in FIELDS[kind].items()}


def _notes(header: str) -> list[str]:
    return [(round_ or square).strip().casefold() for round_, square in _NOTE.findall(header[:_LONGEST_HEADER])]


def _last_word(header: str) -> str:
    words = re.findall(r"[^\W_]+", _HUMP.sub(" ", _NOTE.sub(" ", header[:_LONGEST_HEADER])).casefold())
    return words[-1] if words else ""
