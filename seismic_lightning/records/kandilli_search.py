"""Reading of the table that Kandilli's event search exports: tab-separated, in UTC.

Columns are those that ``kandilli`` writes. 0.0 stands for a magnitude that was not computed; ``Tip`` has
the letters of GSE2.0: ``Ke`` for a known earthquake, ``Sm`` for a suspected mine explosion. As a
web page, every row ends in ``<br>``; if the page states how many events it lists, so many rows must be there,
as a connection cut short leaves a valid page.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.catalogue import Catalogue, is_explosion
from seismic_lightning.records.catalogue_rows import Row, assemble, refuse_mangled
from seismic_lightning.records.catalogue_settings import DEFAULT_MAGNITUDE_ORDER, CatalogueSettings
from seismic_lightning.records.text_table import (
    Cells,
    Line,
    date_and_clock,
    delimiter_of,
    latin,
    lines_of,
    plain_name,
    read_table,
    shown,
)

UNKNOWN_KIND = "unknown_kind"
"""Counts rows that are neither an earthquake nor an explosion."""
NOTE = "note_line"
"""Counts lines below the header that are no rows, such as a total."""

_ID, _DATE, _CLOCK, _KIND = "depremkodu", "olustarihi", "oluszamani", "tip"
_LATITUDE, _LONGITUDE, _DEPTH, _LARGEST = "enlem", "boylam", "der", "xm"
_REQUIRED = (_ID, _DATE, _CLOCK, _LATITUDE, _LONGITUDE, _DEPTH, _KIND)
_EARTHQUAKES = ("ke", "se", "fe", "de")  # known, suspected, felt, damaging
_NOT_COMPUTED = ("", "-", "-.-")
_TOTAL = re.compile(
    r"(?:toplam|total)\D{0,30}(\d+)|\b(\d+)\s+(?:adet\s+)?(?:deprem|kayit|olay|events?|earthquakes?)\b"
)


def is_search_table(text: str) -> bool:
    """Tell whether a text contains the header of a search table."""
    return any("kodu" in line.text.lower() and _is_header(_names(line.text)) for line in lines_of(text))


def read_search_table(path: Path, text: str, settings: CatalogueSettings) -> Catalogue:
    """Read the table of Kandilli's event search.

    Args:
        path: The file, for messages.
        text: Its content.
        settings: Which magnitude counts, and whether suspected explosions are kept.

    Returns:
        Its events, without picks.

    Raises:
        ArchiveError: A column is missing, ids are rounded, a row is unreadable, or rows are missing.
    """
    lines = lines_of(text)
    header = next(line for line in lines if _is_header(_names(line.text)))
    missing = [name for name in _REQUIRED if name not in _names(header.text)]
    if missing:
        raise ArchiveError(f"{path}, line {header.number}: no column {', '.join(missing)}; give all columns.")
    delimiter = delimiter_of(header.text)
    notes = [line for line in lines if _is_note(line, delimiter)]
    cells = list(read_table(path, [line for line in lines if not _is_note(line, delimiter)], _is_header))
    _check_total(path, notes, len(cells))
    refuse_mangled([(row.place, row.required(_ID)) for row in cells])
    left_out = {NOTE: sum(line.number > header.number for line in notes)}
    events = [row for row in cells if _is_of_known_kind(row)]
    left_out[UNKNOWN_KIND] = len(cells) - len(events)
    return assemble(_rows(events), settings, {reason: count for reason, count in left_out.items() if count})


def _rows(table: list[Cells]) -> Iterator[Row]:
    for cells in table:
        magnitudes = ((kind, _magnitude(cells, kind.lower())) for kind in DEFAULT_MAGNITUDE_ORDER)
        yield Row(
            place=cells.place,
            event_id=cells.required(_ID),
            origin_ns=date_and_clock(f"{cells.required(_DATE)} {cells.required(_CLOCK)}", cells.place),
            latitude_deg=cells.degrees(_LATITUDE, "NS"),
            longitude_deg=cells.degrees(_LONGITUDE, "EW"),
            depth_km=cells.number(_DEPTH, _NOT_COMPUTED),
            magnitudes=tuple((kind, value) for kind, value in magnitudes if value is not None),
            largest=_magnitude(cells, _LARGEST),
            is_explosion=is_explosion(cells.text(_KIND)),
        )


def _is_of_known_kind(cells: Cells) -> bool:
    return cells.text(_KIND).lower() in _EARTHQUAKES or is_explosion(cells.text(_KIND))


def _magnitude(cells: Cells, column: str) -> float | None:
    return cells.number(column, _NOT_COMPUTED) or None  # 0.0 was not computed


def _names(text: str) -> list[str]:
    return [plain_name(name) for name in text.split(delimiter_of(text))]


def _is_header(names: list[str]) -> bool:
    return _ID in names and _DATE in names


def _is_note(line: Line, delimiter: str) -> bool:
    """Tell text around the table from a row that lost its cells, which begins with its number."""
    text = line.text.strip()
    if not text or delimiter in text:
        return False
    return not text[0].isdigit() or _total(text) is not None


def _total(text: str) -> int | None:
    found = _TOTAL.search(latin(text).lower())
    return None if found is None else int(found[1] or found[2])


def _check_total(path: Path, notes: list[Line], n_rows: int) -> None:
    for line in notes:
        total = _total(line.text)
        if total is not None and total != n_rows:
            raise ArchiveError(
                f"{path}, line {line.number}: {shown(line.text)} but the table has {n_rows} rows; "
                "fetch it again, it was cut short."
            )
