"""What a file is, by its first bytes: a workbook of some kind, text, or something that is refused by name."""

import re
import zipfile
import zlib
from pathlib import Path

from orchestration.reader.errors import ReadLimitError, UnreadableFileError
from orchestration.reader.text import unicode_encoding

TEXT = "text"
XLSX = "xlsx"
XLS = "xls"
ODS = "ods"
HTML = "html"
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
_MIMETYPE = "mimetype"
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
_WEB_PAGE = re.compile(r"\s*<(!doctype|html|head|body|table|meta|script|style|div|svg|\?xml|!--)", re.I)
_MARKUP = re.compile(r"\s*<(\?xml|svg)", re.I)
_XML_WORKBOOK = re.compile(r"urn:schemas-microsoft-com:office:spreadsheet|progid=.Excel\.Sheet", re.I)
_WEB_ARCHIVE = re.compile(r"\s*MIME-Version:\s*1\.0\s.{0,2000}?multipart/related", re.I | re.S)
_JSON = re.compile(r"""\s*(?:\[\s*)*(?:\{\s*(?:"(?:[^"\\\n]|\\.)*"\s*:|\})|\[\s*\]\s*\Z)""")
# The files in which lenders report to credit bureaus: of microfinance, of consumers, of companies.
_BUREAU = re.compile(
    r"\A\s*TUDF\d|\A\s*HD\|.*\n\s*BS\||^\s*\"?(?:GRP|CNS|ADR|ACT)CRD[~|¬ª¦,\t ]|\A\s*HDR.{0,300}CNSCRD[~|¬ª¦]", re.M
)
# Bytes that no text has, but for those that stray into cells: half of them are letters of nobody's alphabet.
_CONTROLS = bytes(code for code in range(32) if code not in (9, 10, 11, 12, 13, 26, 27))
_FEW_CONTROLS = 8
_MOST_EXPANSION = 200


def file_type(path: Path, head: bytes, most_bytes: int) -> str:
    """TEXT, XLSX, XLS, ODS or HTML, from the first HEAD_BYTES of the file at `path`.

    Raises UnreadableFileError for what is none of them, ReadLimitError for a workbook that unpacks to more than
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
        return XLS
    if head.startswith(b"%PDF-"):
        raise UnreadableFileError("pdf", "the file is a PDF; send the table itself as .xlsx or CSV")
    encoding = unicode_encoding(head)
    if head.startswith(_BINARIES) or head[8:12] == b"DUCK" or (encoding is None and _is_binary(head)):
        raise UnreadableFileError("not_text", "the file is not text; send the table as .xlsx or CSV")
    return _text_type(head.decode(encoding or "cp1252", "replace").lstrip("\ufeff"))


def _text_type(text: str) -> str:
    """TEXT or HTML, from the first characters of a file. Raises UnreadableFileError for text that is no table."""
    if _WEB_PAGE.match(text):
        if _XML_WORKBOOK.search(text) and _MARKUP.match(text):
            raise UnreadableFileError(
                "xml_workbook", "the file is an XML spreadsheet of Excel 2003; open it in Excel and save it as .xlsx"
            )
        if _MARKUP.match(text) and "<html" not in text.lower():
            raise web_page()
        return HTML
    if _WEB_ARCHIVE.match(text):
        raise UnreadableFileError(
            "web_page", "the file is a web page with all its parts (.mht); open it in Excel and save it as .xlsx"
        )
    if _JSON.match(text):
        if len(lines := text.strip().splitlines()) > 1 and all(line.endswith("}") for line in lines[:2]):
            raise UnreadableFileError(
                "json_lines", "the file is JSON lines, which are not read; send the table as CSV or .xlsx"
            )
        raise UnreadableFileError("json", "the file is JSON, which is not read; send the table as CSV or .xlsx")
    if _BUREAU.search(text):
        raise UnreadableFileError(
            "bureau_file",
            "the file is a report to a credit bureau (such as CNSCRD, ADRCRD and ACTCRD records), not a loan book; "
            "send the loan book itself as CSV or .xlsx",
        )
    return TEXT


def web_page() -> UnreadableFileError:
    """The refusal of a page or of XML in which no table stands."""
    return UnreadableFileError(
        "web_page", "the file is a web page or XML, often a login or error page; download the data as CSV"
    )


def _zip_type(path: Path, most_bytes: int) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names, size = set(archive.namelist()), sum(entry.file_size for entry in archive.infolist())
            is_open_document = _MIMETYPE in names and _begins_as_open_document(archive)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError, zlib.error):
        raise UnreadableFileError(
            "bad_workbook", "the file is a workbook or zip archive that is damaged; save it again"
        ) from None
    if not is_open_document and "xl/workbook.xml" not in {name.replace("\\", "/") for name in names}:
        if "xl/workbook.bin" in names:
            raise UnreadableFileError("old_workbook", "the file is a binary workbook (.xlsb); save it as .xlsx or CSV")
        raise _archive("zip")
    if size > most_bytes or size > _MOST_EXPANSION * path.stat().st_size:
        raise ReadLimitError(
            "file_too_large", f"the workbook unpacks to {size:,} bytes, more than it may; save it as CSV"
        )
    return ODS if is_open_document else XLSX


def _begins_as_open_document(archive: zipfile.ZipFile) -> bool:
    with archive.open(_MIMETYPE) as part:
        return part.read(len(_OPEN_DOCUMENT)) == _OPEN_DOCUMENT


def _archive(name: str) -> UnreadableFileError:
    return UnreadableFileError("archive", f"the file is a {name} archive, which is not unpacked; send the files in it")


def _is_binary(head: bytes) -> bool:
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > _FEW_CONTROLS and controls > len(head) / 20
