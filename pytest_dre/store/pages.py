"""The pages of a database file and its write-ahead log, read without SQLite, which refuses damaged ones.

Formats: "Database File Format" (sqlite.org/fileformat2.html), sections 1.3 (header), 1.5 and 1.6 (pages), 4 (log).
"""

import contextlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

MAGIC = b"SQLite format 3\0"
HEADER_SIZE = 100
_FRACTIONS = bytes((64, 32, 32))  # the same in every header that SQLite accepts
_DEFAULT_PAGE_SIZE = 4096
_LOG_MAGICS = (0x377F0682, 0x377F0683)
_LOG_HEADER, _FRAME_HEADER = 32, 24


@dataclass(frozen=True, slots=True)
class Header:
    """What the file's first bytes say: 0 where they cannot be read."""

    page_size: int
    reserved: int
    user_version: int
    application_id: int


class DatabasePages:
    """The pages of a database, of which any may be missing or damaged. A context manager."""

    def __init__(self, path: Path, log: Path) -> None:
        with contextlib.ExitStack() as opened:
            self._main = _opened(path, opened)
            self._log = _opened(log, opened)
            self._files = opened.pop_all()
        log_page_size, self._frames = _frames(self._log)
        self._newest = dict(self._frames)
        self.header = self._header(log_page_size)
        self.size = _size(self._main) + _size(self._log)

    def __enter__(self) -> "DatabasePages":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    @property
    def usable(self) -> int:
        """Bytes of a page that hold content."""
        return self.header.page_size - self.header.reserved

    def page(self, number: int) -> bytes:
        """Return the newest content of a page (from 1). Raises ValueError if it is not there."""
        if number < 1:
            raise ValueError("pages are counted from 1")
        at, size = self._newest.get(number), self.header.page_size
        content = _at(self._main, (number - 1) * size, size) if at is None else self._frame(at)
        if len(content) < size:
            raise ValueError(f"no page {number}")
        return content

    def images(self) -> Iterator[tuple[int, bytes]]:
        """Yield every content that a page has in the files, with its number, older ones first."""
        size = self.header.page_size
        for index in range(-(-_size(self._main) // size)):
            yield index + 1, _at(self._main, index * size, size)
        for number, at in self._frames:
            yield number, self._frame(at)

    def _frame(self, at: int) -> bytes:
        return _at(self._log, at, self.header.page_size)

    def _header(self, log_page_size: int) -> Header:
        in_log = _at(self._log, self._newest[1], HEADER_SIZE) if 1 in self._newest else b""
        first = in_log if in_log.startswith(MAGIC) else _at(self._main, 0, HEADER_SIZE)
        default = log_page_size or _DEFAULT_PAGE_SIZE
        if len(first) < HEADER_SIZE or not first.startswith(MAGIC) or first[21:24] != _FRACTIONS:
            return Header(default, 0, 0, 0)
        (page_size,) = struct.unpack_from(">H", first, 16)
        page_size = 65536 if page_size == 1 else page_size
        user_version, _, application_id = struct.unpack_from(">III", first, 60)
        return Header(page_size if _is_page_size(page_size) else default, first[20], user_version, application_id)


def _opened(path: Path, files: contextlib.ExitStack) -> BinaryIO | None:
    try:
        return files.enter_context(path.open("rb"))
    except FileNotFoundError:
        return None


def _at(file: BinaryIO | None, offset: int, size: int) -> bytes:
    if file is None:
        return b""
    file.seek(offset)
    return file.read(size)


def _size(file: BinaryIO | None) -> int:
    return 0 if file is None else file.seek(0, 2)


def _is_page_size(size: int) -> bool:
    return 512 <= size <= 65536 and size & (size - 1) == 0


def _frames(log: BinaryIO | None) -> tuple[int, list[tuple[int, int]]]:
    """Return the log's page size, and (page number, offset of its content) of the frames that were committed.

    Their checksums are not looked at: past a damaged frame, SQLite would drop all that follow.
    """
    header = b"" if log is None else log.read(_LOG_HEADER)
    if log is None or len(header) < _LOG_HEADER:
        return 0, []
    magic, _, size = struct.unpack_from(">III", header)
    if magic not in _LOG_MAGICS or not _is_page_size(size):
        return 0, []
    found: list[tuple[int, int]] = []
    committed, offset = 0, _LOG_HEADER
    while len(head := _at(log, offset, _FRAME_HEADER)) == _FRAME_HEADER:
        number, commits = struct.unpack_from(">II", head)
        if head[8:16] == header[16:24]:  # else of an earlier round of the log
            found.append((number, offset + _FRAME_HEADER))
            committed = len(found) if commits else committed
        offset += _FRAME_HEADER + size
    return size, found[:committed]
