"""What a file is, by its first bytes: a workbook, text, or something that is refused by name."""

import re
import zipfile
from pathlib import Path

from orchestration.reader.errors import ReadLimitError, UnreadableFileError
from orchestration.reader.text import unicode_encoding

WORKBOOK = "workbook"
TEXT = "text"
HEAD_BYTES = 1 << 16

_ARCHIVES = {
    b"PK\x05\x06": "zip",
    b"PK\x07\x08": "zip",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
}
_BINARIES = (
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"SQLite format 3\x00", b"PAR1", b"ARROW1"),
    *(b"\x7fELF", b"{\\rtf", b"\x00\x00\x01\x00", b"RIFF", b"ID3", b"OggS", b"\xca\xfe\xba\xbe"),
)
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WEB_PAGE = re.compile(r"\s*<(!doctype|html|head|body|table|meta|script|style|div|svg|\?xml|!--)", re.I)
# Bytes that no text has, but for those that stray into cells: half of them are letters of nobody's alphabet.
_CONTROLS = bytes(code for code in range(32) if code not in (9, 10, 11, 12, 13, 26, 27))
_FEW_CONTROLS = 8
_MOST_EXPANSION = 200


def file_type(path: Path, head: bytes, most_bytes: int) -> str:
    """WORKBOOK or TEXT, from the first HEAD_BYTES of the file at `path`.

    Raises UnreadableFileError for what is neither, ReadLimitError for a workbook that unpacks to more than
    `most_bytes`.
    """
    if head.startswith(b"PK\x03\x04"):
        return _zip_type(path, most_bytes)
    for magic, name in _ARCHIVES.items():
        if head.startswith(magic):
            raise _archive(name)
    if head[257:262] == b"ustar":
        raise _archive("tar")
    if head.startswith(_OLD_WORKBOOK):
        raise UnreadableFileError(
            "old_workbook",
            "the file is an old Excel workbook (.xls) or has a password; save it without one as .xlsx or CSV",
        )
    if head.startswith(b"%PDF-"):
        raise UnreadableFileError("pdf", "the file is a PDF; send the table itself as .xlsx or CSV")
    encoding = unicode_encoding(head)
    if _WEB_PAGE.match(head.decode(encoding or "cp1252", "replace").lstrip("\ufeff")):
        raise UnreadableFileError(
            "web_page", "the file is a web page or XML, often a login or error page; download the data as CSV"
        )
    if head.startswith(_BINARIES) or head[8:12] == b"DUCK" or (encoding is None and _is_binary(head)):
        raise UnreadableFileError("not_text", "the file is not text; send the table as .xlsx or CSV")
    return TEXT


def _zip_type(path: Path, most_bytes: int) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names, size = set(archive.namelist()), sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        raise UnreadableFileError(
            "bad_workbook", "the file is a workbook or zip archive that is damaged; save it again"
        ) from None
    if "xl/workbook.xml" not in {name.replace("\\", "/") for name in names}:
        if "xl/workbook.bin" in names:
            raise UnreadableFileError("old_workbook", "the file is a binary workbook (.xlsb); save it as .xlsx or CSV")
        raise _archive("zip")
    if size > most_bytes or size > _MOST_EXPANSION * path.stat().st_size:
        raise ReadLimitError(
            "file_too_large", f"the workbook unpacks to {size:,} bytes, more than it may; save it as CSV"
        )
    return WORKBOOK


def _archive(name: str) -> UnreadableFileError:
    return UnreadableFileError("archive", f"the file is a {name} archive, which is not unpacked; send the files in it")


def _is_binary(head: bytes) -> bool:
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > _FEW_CONTROLS and controls > len(head) / 20
