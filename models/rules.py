"""Rules of meaning for single values in Python: the macros of `transforms/`, asked one value at a time.

The rules are SQL and stay there. What a person writes through the session is put into the same words at once, so that
they see what the next run will make of it.
"""

import datetime as dt
import decimal
import hashlib
import threading
from functools import cache, lru_cache
from typing import Any

import duckdb

from models import phones
from models.macros import macros

_lock = threading.Lock()


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(":memory:", config={"threads": 1, "autoinstall_known_extensions": False})
    con.execute(macros())
    return con


@lru_cache(maxsize=4096)
def _ask(expression: str, *values: object) -> Any:
    with _lock:
        return _connection().execute(f"SELECT {expression}", list(values)).fetchall()[0][0]


def call_status(word: str) -> str | None:
    """A status of a call in our words; None for a word that we do not know."""
    return _ask("call_status_of(?)", str(word).strip())


def letters(word: str) -> str:
    """What words are compared by: their letters in small; a word without letters is itself."""
    return _ask("letters_of(?)", word)


def call_status_rank(status: str) -> int:
    """How far a status is: 0 not initiated, 1 calling, 2 in progress or transferred, 3 ended."""
    return _ask("call_status_rank(?)", status)


def amount(text: str) -> decimal.Decimal | None:
    """`₹ 1,23,456` and `50,000.50` as DECIMAL(15, 2); None for what is not a valid amount."""
    return _ask("amount_of(?)", text.strip())


def date(text: str) -> dt.date | None:
    """A date as people write it, the day first where either could be; None for what is none."""
    return _ask("date_of(?, true)", text.strip())


def moment(value: object) -> Any:
    """A time as naive UTC, from ISO text, a time with a zone, or a date. Raises ValueError for other text."""
    if isinstance(value, str):
        if is_unstated(value):
            return None
        try:
            value = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(f"'{value}' is not a valid time; write it as 2026-03-15T09:30.") from None
    if isinstance(value, dt.datetime):
        return value if value.tzinfo is None else value.astimezone(dt.UTC).replace(tzinfo=None)
    return dt.datetime.combine(value, dt.time()) if isinstance(value, dt.date) else value


def seconds(text: str) -> int | None:
    """Whole seconds: 45, 45.0 or 00:01:05; None for what is none."""
    return _ask("seconds_of(?)", text.strip())


def flag(text: str) -> bool | None:
    """Yes or no in any of their words; None for neither."""
    return _ask("flag_of(?)", text.strip())


def loan_status(text: object) -> str | None:
    """active or closed; None for what says nothing."""
    return _ask("loan_status_of(?)", str(text).strip())


def is_unstated(text: str) -> bool:
    """Whether a cell says that nothing is stated: blank, NA, nan, -."""
    return _ask("is_unstated(?)", text.strip())


def national_id(text: str | None) -> str | None:
    """Upper case without spaces and hyphens; None for one that is absent, masked or cut off."""
    return None if text is None else _ask("national_id_of(national_id_text(?))", str(text).strip())


def is_absent(text: str | None) -> bool:
    """Whether an identifier says that there is none: blank, NA, nan, zeros..."""
    return _ask("is_absent(?)", None if text is None else str(text).strip())


def loan_number(text: str | None) -> str | None:
    """A lender's loan number; None for one that is absent or has lost its digits."""
    return None if text is None else _ask("loan_number(?)", str(text).strip())


def loan_key(text: str) -> str | None:
    """By what the spellings of a loan's number are one; None for one that is absent or has lost its digits."""
    return _ask("key_of(loan_number(?))", str(text).strip())


def words(text: str) -> str | None:
    """A text; None for none, and for what a data frame's blank cell became."""
    return _ask("words_of(?)", text) or None


def phone(text: str | None) -> str | None:
    """E.164; None for what is not a valid number."""
    return phones.normalize(None if text is None else str(text))[0]


def fingerprint(phone_text: str | None, national_id_text: str | None, customer_id: str = "") -> str:
    """md5 of `digits|NATIONAL_ID`, in hex: who a customer is. `customer_id` stands in where both are absent.

    The same as the macro fingerprint_of, which a test holds it against.
    """
    digits, number = (phone(phone_text) or "").removeprefix("+"), national_id(national_id_text) or ""
    said = f"{digits}|{number}" if digits or number or not customer_id else f"fingerprint|{customer_id}"
    return hashlib.md5(said.encode()).hexdigest()
