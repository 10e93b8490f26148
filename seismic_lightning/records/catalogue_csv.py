"""Reading of a catalogue in CSV whose columns the user declares.

The names are those of a dataset's metadata, so that ``columns`` reads as "our ``source_id`` is your ``ID``".
Without a declaration the file itself must use our names. Times without an offset are UTC. Here 0.0 is a
magnitude like any other.
"""

from collections.abc import Iterator
from pathlib import Path

from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.catalogue import Catalogue, is_explosion
from seismic_lightning.records.catalogue_rows import Row, assemble, refuse_mangled
from seismic_lightning.records.catalogue_settings import SOURCE_COLUMNS, TYPED_MAGNITUDE, CatalogueSettings
from seismic_lightning.records.text_table import Cells, date_and_clock, header_of, lines_of, read_table

_ID, _TYPE, _KIND = "source_id", "source_magnitude_type", "source_type"
_DATE, _TIME, _MAGNITUDE = "source_origin_date", "source_origin_time", "source_magnitude"
_EMPTY = ("", "nan", "NaN", "null", "None", "-.-")


def is_own_table(text: str) -> bool:
    """Tell whether the first line that is not blank is a header in our names."""
    return _ID in header_of(text, _bare)


def read_declared(path: Path, text: str, settings: CatalogueSettings) -> Catalogue:
    """Read a catalogue in CSV.

    Args:
        path: The file, for messages.
        text: Its content; its header tells what separates the cells: tab, comma, semicolon or bar.
        settings: The columns, which magnitude counts, and whether explosions are kept.

    Returns:
        Its events, without picks.

    Raises:
        ArchiveError: A declared column is missing, ids are rounded or repeated, or a row is unreadable.
    """
    names = header_of(text, _bare)
    columns = settings.columns or {name: name for name in names if _is_ours(name)}
    missing = [column for column in columns.values() if column.strip() not in names]
    if missing or _ID not in columns:
        wanted = (
            f"no column {', '.join(missing)}" if missing else f"catalogue_format.columns does not say {_ID}"
        )
        raise ArchiveError(f"{path}: {wanted}; its columns are {', '.join(names)}.")
    if isinstance(settings.magnitude_order, list) and not any(_is_typed(name) for name in columns):
        raise ArchiveError(
            f"{path}: catalogue_format.magnitude_order={settings.magnitude_order} needs types; declare "
            f"{_TYPE} or {TYPED_MAGNITUDE}ML in catalogue_format.columns."
        )
    ours = {column.strip(): name for name, column in columns.items()}
    cells = list(read_table(path, lines_of(text), lambda _: True, lambda name: ours.get(_bare(name), "")))
    refuse_mangled([(row.place, row.required(_ID)) for row in cells])
    return assemble(_rows(cells), settings, {})


def _rows(table: list[Cells]) -> Iterator[Row]:
    for cells in table:
        time = f"{cells.text(_DATE)} {cells.text(_TIME)}".strip()
        value = cells.number(_MAGNITUDE, _EMPTY)
        preferred = None if value is None else (cells.text(_TYPE), value)
        yield Row(
            place=cells.place,
            event_id=cells.required(_ID),
            origin_ns=None if time in _EMPTY else date_and_clock(time, cells.place),
            latitude_deg=cells.number("source_latitude_deg", _EMPTY),
            longitude_deg=cells.number("source_longitude_deg", _EMPTY),
            depth_km=cells.number("source_depth_km", _EMPTY),
            magnitudes=tuple([preferred] if preferred else []) + tuple(_typed(cells)),
            preferred=preferred,
            is_explosion=is_explosion(cells.text(_KIND)),
        )


def _typed(cells: Cells) -> Iterator[tuple[str, float]]:
    for name in cells.values:
        value = cells.number(name, _EMPTY) if _is_typed(name) and name != _TYPE else None
        if value is not None:
            yield name.removeprefix(TYPED_MAGNITUDE), value


def _is_ours(name: str) -> bool:
    return name in SOURCE_COLUMNS or name.startswith(TYPED_MAGNITUDE)


def _is_typed(name: str) -> bool:
    return name == _TYPE or name.startswith(TYPED_MAGNITUDE)


def _bare(name: str) -> str:
    return name.strip().lstrip("#").strip()
