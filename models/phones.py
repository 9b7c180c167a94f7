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
_TEN_DIGITS = re.compile(r"(?:\+91|0091|091|91|0)?([6-9][0-9]{9})")
_TEN_DIGITS_WITH_PLUS = re.compile(r"\+([6-9][0-9]{9})")
_EXPONENT = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")
# What may be one number: digits and what stands between them. Letters, slashes, commas and line ends part numbers.
_RUN = re.compile(r"[+(]?\d[\d \t\u00a0().'\u2010-\u2014+-]*")
_CLOCK = re.compile(r"\d:\d\d")
_HOST = re.compile(r"@\S*")
_BETWEEN = re.compile(r"[ \t\u00a0().'\u2010-\u2014-]+")
_NOISE = str.maketrans("", "", " \t\u00a0-().'\u200b\u202a\u202c\u2010\u2011\u2012\u2013\u2014")
# Beyond that many characters a cell holds no phone, and looking for one would take long.
_MOST_CHARACTERS = 500
# No number has more digits; a cell with more holds several.
_MOST_DIGITS = 15
_ABSENT = {"", "na", "n/a", "#n/a", "nil", "none", "null", "nan", "-"}
# What people type where they have no number: well-formed, and nobody's. 9876543210 is a number like any other.
DUMMY_MOBILES = (*(digit * 10 for digit in "6789"), *(digit + "0" * 9 for digit in "6789"))
_DUMMY = re.compile(r"(?:\+91|0091|091|91|0)?(?:(\d)\1{9}|[1-9]0{9}|1234567890)|0?123456789")

LOST_DIGITS = "has lost digits to an exponent; format the column as text and send the file again"
NOT_VALID = "is not a valid number"


def is_absent(text: str) -> bool:
    """Whether an identifier says that there is none: blank, NA, nil, -, zeros, one character three times or more."""
    word = text.strip().lower()
    return word in _ABSENT or not word.strip("0") or (len(word) >= 3 and len(set(word)) == 1)


def normalize(text: str | None) -> tuple[str | None, str | None]:
    """The first valid number in a cell as E.164, and what is wrong with the cell when there is none."""
    numbers, problem = numbers_in(text)
    return (numbers[0] if numbers else None), problem


def numbers_in(text: str | None, is_dialled: bool = False) -> tuple[list[str], str | None]:
    """The valid numbers in a cell as E.164, each once, and what is wrong with the cell when there is none.

    A cell without a phone, or with a dummy, has none and nothing is wrong. India is the country unless a number says
    another with `+` or `00`. A number is valid when the metadata says so, or when it is ten digits starting 6 to 9.
    `is_dialled`: what a switchboard dialled, which may have a 9 before it for an outside line.
    """
    if text is None or is_absent(text) or is_absent(text.translate(_NOISE)):
        return [], None
    if _EXPONENT.fullmatch(text.strip()):
        return [], LOST_DIGITS
    if len(text) > _MOST_CHARACTERS:
        return [], NOT_VALID
    found: list[str] = []
    has_dummy = False
    for part in _parts(text, is_dialled):
        has_dummy = has_dummy or _is_dummy(part)
        number = _one(part, is_dialled)
        if number and not _is_dummy(number):
            found.append(number)
    return list(dict.fromkeys(found)), None if found or has_dummy else NOT_VALID


def _parts(text: str, is_dialled: bool) -> list[str]:
    """The whole cell where it is one number, else what may be numbers in it, in their order.

    `98450 12345 / 98450 54321`, `98450 23111 (wife 98450 23195)`, `9845023113-9845023193`, `sip:+919845031203@host`.
    """
    if _digits(text) <= _MOST_DIGITS and _one(text, is_dialled):
        return [text]
    has_clock = _CLOCK.search(text) is not None
    parts: list[str] = []
    for run in _RUN.findall(_HOST.sub(" ", text)):
        parts += [run] if _digits(run) <= _MOST_DIGITS else _side_by_side(run)
    # A date and a time have the digits of a landline.
    return [part for part in parts if not has_clock or _TEN_DIGITS.fullmatch(part.translate(_NOISE))]


def _side_by_side(run: str) -> list[str]:
    """The numbers of a run of digits that is too long for one: each ends where it is valid with ten digits or more."""
    parts, part = [], ""
    for group in _BETWEEN.split(run):
        if group.startswith("+"):
            part = ""
        part += group
        if _digits(part) >= 10 and _one(part):
            parts.append(part)
            part = ""
    return parts


def _without_point_zero(text: str) -> str:
    return re.sub(r"\.0+$", "", text.strip())


def _digits(text: str) -> int:
    return sum(char.isdigit() for char in text)


@lru_cache(maxsize=65536)
def _one(text: str, is_dialled: bool = False) -> str | None:
    text = _without_point_zero(text)
    bare = text.translate(_NOISE)
    if match := _TEN_DIGITS.fullmatch(bare):
        return "+91" + match.group(1)
    if re.fullmatch(r"00[1-9][0-9]{6,14}", bare):
        text = "+" + bare[2:]
    try:
        number = phonenumbers.parse(text, _REGION)
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    if match := _TEN_DIGITS_WITH_PLUS.fullmatch(bare):
        return "+91" + match.group(1)
    return _one(bare[1:]) if is_dialled and re.fullmatch(r"9[0-9]{10,}", bare) else None


def _is_dummy(text: str) -> bool:
    """A well-formed number that nobody has."""
    return _DUMMY.fullmatch(_without_point_zero(text).translate(_NOISE)) is not None
