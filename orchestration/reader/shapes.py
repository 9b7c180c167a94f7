"""What a cell looks like: a number or a time, or only text. By its characters alone, whatever its column means."""

import re
from functools import lru_cache

# Ctrl-Z ends a file that came from DOS.
BLANKS = " \t\r\n\u00a0\ufeff\x1a"

_CURRENCY = r"(?:₹|rs\.?|inr|usd|eur|gbp|[$€£¥])?"
_NUMBER = re.compile(
    rf"[-+(]?\s*{_CURRENCY}\s*[-+]?(?:\d{{1,3}}(?:[,.' \u00a0]\d{{2,3}})+|\d+)?(?:[.,]?\d+|[.,])(?:e[-+]?\d+)?"
    rf"\s*(?:%|/-|{_CURRENCY})?\s*\)?",
    re.I,
)
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[ap]\.?m\.?)?(?:\s*z|\s*[-+]\d{2}:?\d{2})?"
_DATE = r"(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}[-/ ]?[a-z]{3,9}[-/ ,]+\d{2,4}|[a-z]{3,9} \d{1,2},? \d{4})"
_MOMENT = re.compile(rf"{_TIME}|{_DATE}(?:[ t,]+{_TIME})?", re.I)
_PHONE = re.compile(r"\+?\(?\d[\d\-() ]{5,18}\d(?:\.0)?")
_LONGEST = 40


def is_blank(cell: str) -> bool:
    """Whether nothing stands in the cell."""
    return not cell.strip(BLANKS)


@lru_cache(maxsize=1 << 14)
def is_value(cell: str) -> bool:
    """Whether the cell is a number, an amount, a date, a time or a phone, as headers and titles are not."""
    text = cell.strip(BLANKS)
    if not text or len(text) > _LONGEST or not any(char.isdigit() for char in text):
        return False
    return any(pattern.fullmatch(text) for pattern in (_NUMBER, _MOMENT, _PHONE))
