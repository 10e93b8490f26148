"""Tables in text files: their lines, cells, numbers and times, each refused by file and line.

Observatories' tables come as text, as HTML around text, and from spreadsheets; in UTF-8, UTF-16 or one of the
8-bit encodings. Only codes, numbers and times are read from them, which all 8-bit encodings write alike.
"""

import csv
import html
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from seismic_lightning.codes import NANOSECONDS_PER_S
from seismic_lightning.errors import ArchiveError

_ENCODINGS = ("utf-8-sig", "cp1254", "iso-8859-9")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d{1,3})?")
_TIME = re.compile(
    r"(\d{4})[./-](\d{1,2})[./-](\d{1,2})[T ]\s*"
    r"(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d*))?"
    r"\s*(?:Z|UTC|([+-])(\d{2}):?(\d{2}))?"
)
_SAME_LINE = "\v"
_SCRIPT = re.compile(r"<(script|style)\b.*?</\1>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
_LINE_END = re.compile(r"\r\n|\r|\n")  # str.splitlines() also splits at bytes that 8-bit encodings use
_ROW_END = re.compile(r"<br\s*/?>|</tr>|</p>", re.IGNORECASE)
_PREFORMATTED = re.compile(r"<pre[^>]*>(.*?)(?:</pre>|\Z)", re.IGNORECASE | re.DOTALL)
_DELIMITERS = "\t;,|"
_TURKISH = str.maketrans("çğ\u0131öşüâÇĞİÖŞÜ", "cgiosuaCGIOSU")
_SHOWN = 80


class Line(NamedTuple):
    """A line of text and its number in the file."""

    number: int
    text: str


class Place(NamedTuple):
    """Where in a file something stands, to be named when it is refused."""

    path: Path
    line: int

    def refuse(self, reason: str) -> ArchiveError:
        """Return an error that names file and line."""
        return ArchiveError(f"{self.path}, line {self.line}: {reason}")


def decoded(content: bytes) -> str:
    """Decode text of unstated encoding: UTF-16 if marked so, else UTF-8, else an 8-bit encoding."""
    if content.startswith(_UTF16_MARKS):
        return content.decode("utf-16", errors="replace")
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError("iso-8859-9 decodes every byte")


def is_html(text: str) -> bool:
    """Tell whether a text has the tags of a web page."""
    return re.search(r"<(html|pre|body|br|table)\b", text, re.IGNORECASE) is not None


def lines_of(text: str) -> list[Line]:
    """Return the lines of a text, or of a web page without its tags and scripts.

    Several rows of a web page may share one line of the file, and hence its number.
    """
    if is_html(text):
        text = _TAG.sub(_line_ends, _ROW_END.sub(_SAME_LINE, _SCRIPT.sub(_line_ends, text)))
        text = html.unescape(text).replace("\xa0", " ")
    physical = enumerate(_LINE_END.split(text), start=1)
    return [Line(number, row) for number, line in physical for row in line.split(_SAME_LINE)]


def without_frame(text: str) -> str:
    """Return the preformatted part of a web page, with lines before it left blank; other text as it is."""
    part = _PREFORMATTED.search(text)
    return text if part is None else "<pre>" + "\n" * len(_LINE_END.findall(text, 0, part.start(1))) + part[1]


def _line_ends(found: re.Match[str]) -> str:
    return "\n" * len(_LINE_END.findall(found[0]))


def latin(text: str) -> str:
    """Replace the Turkish letters that are not in ASCII."""
    return text.translate(_TURKISH)


def plain_name(text: str) -> str:
    """Return a column's name in lower case without marks, Turkish letters, spaces and units.

    Example:
        >>> plain_name(" Oluş tarihi "), plain_name("Der(km)"), plain_name("#SiteName")
        ('olustarihi', 'der', 'sitename')
    """
    bare = re.sub(r"\(.*?\)", "", latin(text)).lower()
    return re.sub(r"[^a-z0-9_]", "", bare)


@dataclass(frozen=True, slots=True)
class Cells:
    """One row of a table with named columns."""

    place: Place
    values: dict[str, str]

    def text(self, column: str) -> str:
        """Return a cell, empty if the table does not have the column."""
        return self.values.get(column, "")

    def required(self, column: str) -> str:
        """Return a cell that must not be empty."""
        value = self.text(column)
        if not value:
            raise self.place.refuse(f"{column} is empty; every row needs it.")
        return value

    def number(self, column: str, missing: Iterable[str] = ("",)) -> float | None:
        """Return a number, None where the cell says that there is none."""
        value = self.text(column)
        return None if value in missing else number(value, column, self.place)

    def degrees(self, column: str, hemispheres: str) -> float:
        """Return a coordinate that may be marked by its hemisphere, ``20.5957&deg; S``.

        Args:
            column: The column.
            hemispheres: Letters of the positive and the negative hemisphere.
        """
        text = html.unescape(self.required(column)).strip()
        letter = text[-1:] if text.endswith(tuple(hemispheres)) else ""
        value = number(text.removesuffix(letter).rstrip(" °"), column, self.place)
        if letter and value < 0.0:
            raise self.place.refuse(f"{column} is {text!r}; give a sign or a hemisphere, not both.")
        return -value if letter == hemispheres[1] else value


def read_table(
    path: Path,
    lines: list[Line],
    is_header: Callable[[list[str]], bool],
    rename: Callable[[str], str] = plain_name,
) -> Iterator[Cells]:
    """Read the rows below the first line that is a header.

    Args:
        path: The file, for messages.
        lines: Its lines; blank ones are passed over.
        is_header: Tells the header by its renamed columns.
        rename: Makes names of columns comparable; a column renamed to nothing is not read.

    Yields:
        Each row by the names of its columns.

    Raises:
        ArchiveError: A row has more or fewer cells than the header.
    """
    remaining = iter([line for line in lines if line.text.strip()])
    delimiter, names = "", []
    for line in remaining:
        delimiter = delimiter_of(line.text)
        names = [rename(name) for name in _split(Place(path, line.number), line.text, delimiter)]
        if is_header(names):
            break
    for line in remaining:
        place = Place(path, line.number)
        cells = _split(place, line.text, delimiter)
        while len(cells) > len(names) and not cells[-1]:
            cells.pop()
        if len(cells) != len(names):
            raise place.refuse(
                f"{len(cells)} cells under {len(names)} columns ({shown(line.text)}); give one per column."
            )
        yield Cells(place, dict(zip(names, cells, strict=True)))


def header_of(text: str, rename: Callable[[str], str] = plain_name) -> list[str]:
    """Return the cells of the first line that is not blank, renamed."""
    line = next((line.strip() for line in _LINE_END.split(text) if line.strip()), "")
    return [rename(name.strip(' "')) for name in line.split(delimiter_of(line))]


def delimiter_of(header: str) -> str:
    """Return the delimiter that a header uses most."""
    return max(_DELIMITERS, key=header.count)


def number(text: str, what: str, place: Place) -> float:
    """Read a decimal number; a comma, ``nan`` and ``inf`` are refused."""
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise place.refuse(f"{what} is {text!r}; give a decimal number.")
    return float(text)


def date_and_clock(text: str, place: Place) -> int:
    """Read a date and a time of day.

    Seconds of 60 and more, which rounding leaves behind, run on into the next minute.

    Args:
        text: ``YYYY.MM.DD hh:mm:ss[.s…]``, also with other separators, ``T`` and an offset from UTC.
        place: For messages.

    Returns:
        Nanoseconds since 1970; UTC unless the text states an offset, which is then taken off.

    Raises:
        ArchiveError: The text is no such time.
    """
    parts = _TIME.fullmatch(text.strip())
    if parts is None:
        raise place.refuse(f"time is {text!r}; give a date and a time, such as 2024-01-03 17:33:35.2.")
    year, month, day, hour, minute, second = (int(parts[index]) for index in range(1, 7))
    try:
        moment = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError as error:
        raise place.refuse(f"time is {text!r}: {error}.") from error
    fraction_ns = int((parts[7] or "").ljust(9, "0")[:9])
    offset_s = 0
    if parts[8]:
        offset_s = (1 if parts[8] == "+" else -1) * 60 * (60 * int(parts[9]) + int(parts[10]))
    whole_s = (moment - _EPOCH) // timedelta(seconds=1) + second - offset_s
    return whole_s * NANOSECONDS_PER_S + fraction_ns


def shown(text: str) -> str:
    """Return the beginning of a text, quoted, for a message of one line."""
    stripped = text.strip()
    return repr(stripped if len(stripped) <= _SHOWN else stripped[:_SHOWN] + "…")


def _split(place: Place, text: str, delimiter: str) -> list[str]:
    if delimiter in "\t|":  # quotation marks are part of the text there
        return [cell.strip() for cell in text.split(delimiter)]
    try:
        row = next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise place.refuse(f"{shown(text)} cannot be split into cells ({error}).") from error
    return [cell.strip() for cell in row]
