"""Reading of the CSV copies of Kandilli's catalogue that have event codes and dates, but no times of day.

Columns are ``id, tarih, enlemn, boylame, derinlikkm, ml, yer``. A date is no origin time, which hence stays
unknown; the code says which event of a bulletin or another catalogue it is. A magnitude of 0 was not
computed. Coordinates south and west are positive and marked: ``20.5957&deg; S``.
"""

from collections.abc import Iterator
from pathlib import Path

from seismic_lightning.records.catalogue import Catalogue
from seismic_lightning.records.catalogue_rows import Row, assemble, refuse_mangled
from seismic_lightning.records.catalogue_settings import DEFAULT_MAGNITUDE_ORDER, CatalogueSettings
from seismic_lightning.records.text_table import Cells, date_and_clock, header_of, lines_of, read_table

_ID, _DATE, _LATITUDE, _LONGITUDE, _DEPTH = "id", "tarih", "enlemn", "boylame", "derinlikkm"


def is_code_table(text: str) -> bool:
    """Tell whether the first line that is not blank is the header of such a table."""
    return _is_header(header_of(text))


def read_code_table(path: Path, text: str, settings: CatalogueSettings) -> Catalogue:
    """Read a catalogue of event codes and dates.

    Args:
        path: The file, for messages.
        text: Its content.
        settings: Which magnitude counts.

    Returns:
        Its events, without origin times and picks.

    Raises:
        ArchiveError: Ids are rounded or repeated, or a row is unreadable.
    """
    cells = list(read_table(path, lines_of(text), _is_header))
    refuse_mangled([(row.place, row.required(_ID)) for row in cells])
    return assemble(_rows(cells), settings, {})


def _is_header(names: list[str]) -> bool:
    return {_ID, _DATE, _LATITUDE, _LONGITUDE} <= set(names)


def _rows(table: list[Cells]) -> Iterator[Row]:
    for cells in table:
        date_and_clock(f"{cells.required(_DATE)} 00:00:00", cells.place)  # refuses what is no date
        magnitudes = ((kind, cells.number(kind.lower()) or None) for kind in DEFAULT_MAGNITUDE_ORDER)
        yield Row(
            place=cells.place,
            event_id=cells.required(_ID),
            origin_ns=None,
            latitude_deg=cells.degrees(_LATITUDE, "NS"),
            longitude_deg=cells.degrees(_LONGITUDE, "EW"),
            depth_km=cells.number(_DEPTH),
            magnitudes=tuple((kind, value) for kind, value in magnitudes if value is not None),
        )
