"""Bytes to text: which encoding a file is in, which of its lines are not text in it, where its lines end."""

import codecs
from dataclasses import dataclass, replace

import numpy as np

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
# Python's own device for bytes that are no text: each becomes a surrogate, and no text has one.
_UNDECODABLE = dict.fromkeys(range(0xD800, 0xE000), "�")
# cp1252 leaves five bytes without a meaning. Like browsers, give them the one they have in latin-1.
_CP1252 = "".join(bytes([code]).decode("cp1252", "ignore") or chr(code) for code in range(256))
_PROBE = 4096


@dataclass(frozen=True)
class Decoded:
    """A file's text. `data` is UTF-8 without a BOM, its lines ended by LF; `clean` when every byte was text."""

    encoding: str
    data: bytes
    clean: bool
    unchanged: bool

    def lines(self, first_byte: int = 0) -> list[str]:
        """Physical lines without their LF (a CR before it stays); undecodable bytes are surrogates."""
        lines = self.data[first_byte:].decode("utf-8", "surrogatepass").split("\n")
        if lines[-1] == "":
            lines.pop()  # what stands behind the last line feed is no line
        return lines

    def split_at_returns(self) -> "Decoded":
        """The same text where a CR that stands alone outside quotes ends a line too."""
        bytes_ = np.frombuffer(self.data, dtype=np.uint8).copy()
        returns = np.flatnonzero(bytes_ == 13)
        alone = returns[(returns + 1 == len(bytes_)) | (bytes_[np.minimum(returns + 1, len(bytes_) - 1)] != 10)]
        quotes = np.flatnonzero(bytes_ == 34)
        bytes_[alone[np.searchsorted(quotes, alone) % 2 == 0]] = 10
        return replace(self, data=bytes_.tobytes(), unchanged=False)


def decode(raw: bytes) -> Decoded:
    """Decode by BOM, then UTF-16 by its zeros, then UTF-8, then Windows-1252.

    A file that is not wholly UTF-8 is still taken as UTF-8 when most of its lines beyond ASCII are: then the few
    others are broken lines, rather than all of them mojibake.
    """
    encoding = unicode_encoding(raw[:_PROBE])
    if encoding in (None, "utf-8-sig"):
        body = raw.removeprefix(codecs.BOM_UTF8)
        try:
            if not body.isascii():
                body.decode("utf-8")
            return _finish(encoding or "utf-8", body, True, raw)
        except UnicodeDecodeError:
            if not encoding and not _mostly_utf8(body):
                return _finish("cp1252", codecs.charmap_decode(body, "strict", _CP1252)[0].encode(), True, raw)
            text, encoding = body.decode("utf-8", "surrogateescape"), encoding or "utf-8"
    else:
        bom = next((bom for bom, name in _BOMS if name == encoding and raw.startswith(bom)), b"")
        odd = (len(raw) - len(bom)) % (int(encoding[4:6]) // 8)  # a file cut off within a character
        body = raw[len(bom) : len(raw) - odd]
        try:
            text = body.decode(encoding, "surrogatepass") + "\udc80" * bool(odd)
        except UnicodeDecodeError:  # UTF-32 beyond the code points there are
            text = body.decode(encoding, "replace").replace("\ufffd", "\udcff")
    return _finish(encoding, text.encode("utf-8", "surrogatepass"), not undecodable(text), raw)


def unicode_encoding(head: bytes) -> str | None:
    """The Unicode encoding that the first bytes state by a BOM or, for UTF-16, by the zeros of its ASCII."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    head = head[: _PROBE & ~1]
    even, odd = head[0::2], head[1::2]
    if len(head) >= 4 and even and odd:
        if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.05 * len(even):
            return "utf-16-le"
        if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.05 * len(odd):
            return "utf-16-be"
    return None


def undecodable(text: str) -> bool:
    """Whether the text holds bytes that its file's encoding cannot say."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def readable(text: str) -> str:
    """The same text with a replacement character in place of every undecodable byte."""
    return text.translate(_UNDECODABLE)


def returns_alone(data: bytes) -> bool:
    """Whether some CR is not followed by LF."""
    return b"\r" in data and data.count(b"\r") != data.count(b"\r\n")


def _mostly_utf8(body: bytes) -> bool:
    good = bad = 0
    for line in body.splitlines():
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            good += 1
        except UnicodeDecodeError:
            bad += 1
    return good >= bad


def _finish(encoding: str, data: bytes, clean: bool, raw: bytes) -> Decoded:
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")
    return Decoded(encoding, data, clean, unchanged=data is raw or data == raw)
