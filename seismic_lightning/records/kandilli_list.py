"""Reading of Kandilli's public list of the latest earthquakes, and of the CSV copies that people make of it.

One event per line: date, time, latitude, longitude, depth, MD, ML, Mw, place and whether the solution was
revised. ``-.-`` stands for a magnitude that was not computed. Times are Turkish local time, which is
UTC+3 all year since 2016; before, it knew summer time, and an hour of every autumn cannot be told from the
next. Copies separate the columns by commas and leave those within a place as they are, hence the columns
before the place are read from the left.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from seismic_lightning.codes import NANOSECONDS_PER_S
from seismic_lightning.records.catalogue import Catalogue
from seismic_lightning.records.catalogue_rows import Row, assemble
from seismic_lightning.records.catalogue_settings import CatalogueSettings
from seismic_lightning.records.text_table import (
    Line,
    Place,
    date_and_clock,
    lines_of,
    number,
    plain_name,
    shown,
    without_frame,
)

NOTE = "note_line"
"""Counts lines below the first event that are no rows."""

_UTC_OFFSET_NS = 3 * 3600 * NANOSECONDS_PER_S
_FIRST_DAY_OF_UTC_3 = "2016.09.07"
_BEGINS_ROW = re.compile(r'\s*"?\d{4}[./-]\d{2}[./-]\d{2}"?[\s,;]+"?\d{2}:\d{2}')
_BEGINS_NUMBER = re.compile(r'\s*"?\d')
_SEPARATOR = re.compile(r'"?[\s,;]+"?')
_COLUMNS = ("tarih", "saat", "enlem", "boylam", "derinlik", "md", "ml", "mw")
_MAGNITUDES = ("MD", "ML", "Mw")
_NOT_COMPUTED = "-.-"


def is_list(text: str) -> bool:
    """Tell whether a line of a text is a row of the list."""
    return any(_BEGINS_ROW.match(line.text) for line in _lines(text))


def read_list(path: Path, text: str, settings: CatalogueSettings) -> Catalogue:
    """Read Kandilli's list of the latest earthquakes.

    Args:
        path: The file, for messages.
        text: Its content.
        settings: Which magnitude counts.

    Returns:
        Its events, called by their origin times, without picks.

    Raises:
        ArchiveError: A row is unreadable or older than the fixed offset from UTC, or the columns stand in
            another order.
    """
    lines = _lines(text)
    first = next(index for index, line in enumerate(lines) if _BEGINS_ROW.match(line.text))
    for line in lines[:first]:
        _check_heading(line, path)
    rows = [line for line in lines[first:] if _BEGINS_NUMBER.match(line.text)]
    notes = sum(bool(line.text.strip()) for line in lines[first:]) - len(rows)
    return assemble(_rows(path, rows), settings, {NOTE: notes} if notes else {})


def _lines(text: str) -> list[Line]:
    return lines_of(without_frame(text))


def _rows(path: Path, lines: list[Line]) -> Iterator[Row]:
    for line in lines:
        place = Place(path, line.number)
        cells = _SEPARATOR.split(line.text.strip(' \t"'), maxsplit=len(_COLUMNS))
        if len(cells) <= len(_COLUMNS) or not _BEGINS_ROW.match(line.text):
            raise place.refuse(
                f"{shown(line.text)} is no row of the list; give {', '.join(_COLUMNS)} and the place."
            )
        date, clock, latitude, longitude, depth = cells[:5]
        local_ns = date_and_clock(f"{date} {clock}", place)
        if local_ns < date_and_clock(f"{_FIRST_DAY_OF_UTC_3} 00:00:00", place):
            raise place.refuse(
                f"{date} {clock} is Turkish local time with its summer times; give events since "
                f"{_FIRST_DAY_OF_UTC_3}, or the event search's table, which is in UTC."
            )
        values = zip(_MAGNITUDES, cells[5:8], strict=True)
        magnitudes = ((kind, _number(text, kind, place) or None) for kind, text in values)
        yield Row(
            place=place,
            event_id=None,
            origin_ns=local_ns - _UTC_OFFSET_NS,
            latitude_deg=number(latitude, "latitude", place),
            longitude_deg=number(longitude, "longitude", place),
            depth_km=_number(depth, "depth", place),
            magnitudes=tuple((kind, value) for kind, value in magnitudes if value is not None),
        )


def _number(text: str, what: str, place: Place) -> float | None:
    return None if text == _NOT_COMPUTED else number(text, what, place)


def _check_heading(line: Line, path: Path) -> None:
    """Refuse a header whose columns stand in another order than they are read."""
    names = [plain_name(name) for name in _SEPARATOR.split(line.text.strip())]
    if _COLUMNS[:2] == tuple(names[:2]) and tuple(names[: len(_COLUMNS)]) != _COLUMNS:
        raise Place(path, line.number).refuse(
            f"columns are {shown(line.text)}; give them in the order of the list, {', '.join(_COLUMNS)}."
        )
