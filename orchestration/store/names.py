"""Names of files as text, whatever the locale."""

import os

# Python's own device for bytes that are no text: each becomes a surrogate, and no text has one.
_UNDECODABLE = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def name_as_text(name: str) -> str:
    """A file's name or an argument, as Python has it, read as UTF-8 whatever the locale.

    One that is not UTF-8 stays what the locale made of it, with a replacement character for bytes that are no text.
    """
    try:
        return os.fsencode(name).decode("utf-8")
    except UnicodeError:
        return name.translate(_UNDECODABLE)
