"""What the reader refuses: a code for programs, a sentence for people, and the limits that are set."""

from dataclasses import dataclass

from orchestration.errors import LoancallsError


class ReadError(LoancallsError):
    """A file that is not read at all. `code` names why; the sentence says how to fix it."""

    def __init__(self, code: str, sentence: str):
        super().__init__(f"{code}: {sentence}")
        self.code = code


class ReadLimitError(ReadError):
    """The file is beyond what the reader takes; `code` says which limit."""


class UnreadableFileError(ReadError):
    """The file is neither a table of text nor a workbook that can be opened."""


@dataclass(frozen=True)
class Limits:
    """The most that a file may have. Bytes, but for `columns`."""

    file_bytes: int = 4 << 30
    line_bytes: int = 8 << 20
    cell_bytes: int = 8 << 20
    columns: int = 2_000
    header_bytes: int = 1 << 20
