"""Phone numbers as people write them, to E.164. The `phonenumbers` library (Google's metadata) decides.

`PLAIN_MOBILE` describes the plain Indian mobile forms that need no library, for a vectorised path; a test holds that
both agree.
"""

import re
from functools import lru_cache

import phonenumbers

_REGION = "IN"
# 98765 43210, 09876543210, +91-98765-43210, 919876543210, 00919876543210, 9876543210.0
PLAIN_MOBILE = r"^(?:\+91|0091|91|0)?([6-9][0-9]{9})(?:\.0+)?$"
_TEN_DIGITS = re.compile(r"(?:\+91|0091|91|0)?([6-9][0-9]{9})")
_EXPONENT = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")
_SEVERAL = re.compile(r"[/,;|&\n\r]|\bor\b|\band\b", re.IGNORECASE)
_NOISE = str.maketrans("", "", " \t\u00a0-().'\u200b\u202a\u202c\u2010\u2011\u2012\u2013\u2014")
# Beyond that many characters a cell holds no phone, and looking for one would take long.
_MOST_CHARACTERS = 500
_ABSENT = {"", "na", "n/a", "#n/a", "nil", "none", "null", "nan", "-"}

LOST_DIGITS = "has lost digits to an exponent; format the column as text and send the file again"
NOT_VALID = "is not a valid number"


def is_absent(text: str) -> bool:
    """Whether an identifier says that there is none: blank, NA, nil, -, zeros, one character three times or more."""
    word = text.strip().lower()
    return word in _ABSENT or not word.strip("0") or (len(word) >= 3 and len(set(word)) == 1)


def normalize(text: str | None) -> tuple[str | None, str | None]:
    """The first valid number in a cell as E.164, and what is wrong with the cell when there is none.

    Both are None for a cell without a phone. India is the country unless a number says another with `+` or
    `00`. A number is valid when the metadata says so, or when it is ten digits starting 6 to 9.
    """
    if text is None or is_absent(text) or is_absent(text.translate(_NOISE)):
        return None, None
    if _EXPONENT.fullmatch(text.strip()):
        return None, LOST_DIGITS
    if len(text) > _MOST_CHARACTERS:
        return None, NOT_VALID
    absent = False
    for part in _parts(text):
        number = _one(part)
        if number is None:
            continue
        if _filler(number):
            absent = True
            continue
        return number, None
    return (None, None) if absent else (None, NOT_VALID)


def _parts(text: str) -> list[str]:
    """The whole cell, then its pieces: `98450 12345 / 98450 54321`, or two full numbers side by side."""
    pieces = [text, *_SEVERAL.split(text)]
    words = text.split()
    if len(words) > 1 and all(sum(char.isdigit() for char in word) >= 10 for word in words):
        pieces += words
    return pieces


@lru_cache(maxsize=65536)
def _one(text: str) -> str | None:
    text = re.sub(r"\.0+$", "", text.strip())
    bare = text.translate(_NOISE)
    if match := _TEN_DIGITS.fullmatch(bare):
        return "+91" + match.group(1)
    if re.fullmatch(r"00[1-9][0-9]{6,14}", bare):
        text = "+" + bare[2:]
    try:
        number = phonenumbers.parse(text, _REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _filler(number: str) -> bool:
    """A well-formed number that nobody has: one digit over and over behind the country code."""
    return len(set(number.removeprefix("+91"))) == 1
