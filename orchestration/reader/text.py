"""Bytes to text: which encoding a file is in, and which of its lines are not text in it."""

import codecs
from dataclasses import dataclass

# Python's own device for bytes that are no text: each becomes one of these code points, and nothing else does.
_UNDECODABLE = dict.fromkeys(range(56448, 56576), "�")


@dataclass(frozen=True)
class Decoded:
    """A file's text. `data` is UTF-8 with LF or CRLF line ends and no BOM; `clean` when every byte was text."""

    encoding: str
    data: bytes
    clean: bool
    unchanged: bool

    def lines(self) -> list[str]:
        """Physical lines without their line feed; undecodable bytes are surrogates (see `undecodable`)."""
        return self.data.decode("utf-8", "surrogatepass").split("\n")


def decode(raw: bytes) -> Decoded:
    """Decode by BOM, then UTF-8, then cp1252.

    A file that is not wholly UTF-8 is still taken as UTF-8 when most of its lines beyond ASCII are: then the few
    others are broken lines, rather than all of them mojibake.
    """
    for bom, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if raw.startswith(bom):
            return _finish(encoding, raw[len(bom) :], raw)
    body = raw.removeprefix(codecs.BOM_UTF8)
    named = "utf-8-sig" if len(body) != len(raw) else "utf-8"
    try:
        if not body.isascii():
            body.decode("utf-8")
    except UnicodeDecodeError:
        return _finish("utf-8" if _mostly_utf8(body) else "cp1252", body, raw)
    return _finish(named, body, raw, known_utf8=True)


def undecodable(text: str) -> bool:
    """Whether the text holds bytes that its file's encoding cannot say."""
    return any("\udc80" <= char <= "\udcff" for char in text)


def readable(text: str) -> str:
    """The same text with a replacement character in place of every undecodable byte."""
    return text.translate(_UNDECODABLE)


def _mostly_utf8(body: bytes) -> bool:
    good = bad = 0
    for line in body.split(b"\n"):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            good += 1
        except UnicodeDecodeError:
            bad += 1
    return good >= bad


def _finish(encoding: str, body: bytes, raw: bytes, known_utf8: bool = False) -> Decoded:
    if known_utf8:
        data, clean = body, True
    else:
        text = body.decode(encoding, "surrogateescape" if not encoding.startswith("utf-16") else "replace")
        clean = not undecodable(text)
        data = text.encode("utf-8", "surrogatepass")
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")
    return Decoded(encoding, data, clean, unchanged=data is raw or data == raw)
