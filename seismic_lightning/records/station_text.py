"""Reading of station metadata in text: what FDSN web services send, and Kandilli's station CSV.

FDSN text is separated by bars, one line per epoch of a station, or of a channel. Sensitivity counts only
where its units are given, as counts per m/s and per m/s² differ in meaning, not in looks. Kandilli's CSV has
stations only, ``network, station, latitude, longitude, elevation_m, start_date, instruments``. Which channels
or instruments a station has at all is not read: waveforms tell.

References:
    FDSN (2019), FDSN Web Services specification 1.2, section "fdsnws-station, text format",
    https://www.fdsn.org/webservices.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from seismic_lightning.codes import SeedId, plain_code
from seismic_lightning.records.inventory import Epoch, Inventory, unit_of
from seismic_lightning.records.text_table import (
    Cells,
    Place,
    date_and_clock,
    delimiter_of,
    header_of,
    lines_of,
    read_table,
)

CODE = re.compile(r"[A-Z0-9]{1,5}")
"""Codes of this form only may become part of a file's name."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_STATION_COLUMNS = {"station", "latitude", "longitude"}
_CHANNEL_COLUMNS = {"location", "channel"}
_BAR = "|"


def is_station_table(text: str) -> bool:
    """Tell whether the first line that is not blank names a station and its coordinates."""
    return _is_header(header_of(text))


def read_station_table(path: Path, text: str, network: str | None) -> Inventory:
    """Read station metadata in text.

    Args:
        path: The file, for messages.
        text: Its content.
        network: Network code of stations that have none in the file.

    Returns:
        Its stations, or its channels where it has channels.

    Raises:
        ArchiveError: A code is missing or cannot be one, a row is unreadable, or a station stands in two
            places at a time.
    """
    has_bars = delimiter_of(text.lstrip().split("\n", 1)[0]) == _BAR
    rows = read_table(path, lines_of(text), _is_header)
    epochs = (_fdsn_epoch(cells, network) if has_bars else _csv_epoch(cells, network) for cells in rows)
    return Inventory(_in_one_place(epochs))


def _fdsn_epoch(cells: Cells, network: str | None) -> tuple[Place, Epoch]:
    unit = unit_of(cells.text("scaleunits"))
    scale = cells.number("scale") or None  # a sensitivity of 0 was never determined
    has_channel = cells.values.keys() >= _CHANNEL_COLUMNS
    seed_id = SeedId(
        _network(cells, network),
        _code(cells, "station"),
        _location(cells) if has_channel else "",
        _code(cells, "channel") if has_channel else "",
    )
    return cells.place, Epoch(
        seed_id=seed_id,
        start_ns=_time(cells, "starttime"),
        end_ns=_time(cells, "endtime"),
        latitude_deg=cells.degrees("latitude", "NS"),
        longitude_deg=cells.degrees("longitude", "EW"),
        elevation_m=cells.number("elevation"),
        azimuth_deg=cells.number("azimuth"),
        dip_deg=cells.number("dip"),
        sensitivity=None if unit is None else scale,
        input_unit=None if scale is None else unit,
    )


def _csv_epoch(cells: Cells, network: str | None) -> tuple[Place, Epoch]:
    return cells.place, Epoch(
        seed_id=SeedId(_network(cells, network), _code(cells, "station"), "", ""),
        start_ns=_time(cells, "start_date"),
        end_ns=_time(cells, "end_date"),
        latitude_deg=cells.degrees("latitude", "NS"),
        longitude_deg=cells.degrees("longitude", "EW"),
        elevation_m=cells.number("elevation_m"),
        azimuth_deg=None,
        dip_deg=None,
        sensitivity=None,
        input_unit=None,
    )


def _is_header(names: list[str]) -> bool:
    return set(names) >= _STATION_COLUMNS


def _network(cells: Cells, default: str | None) -> str:
    if cells.text("network"):
        return _code(cells, "network")
    if default is None:
        raise cells.place.refuse(
            f"station {cells.text('station')} has no network; give its code, such as KO."
        )
    return default


def _code(cells: Cells, column: str) -> str:
    code = cells.required(column)
    if not CODE.fullmatch(code):
        raise cells.place.refuse(f"{column} is {code!r}; give up to five capitals and digits.")
    return code


def _location(cells: Cells) -> str:
    return _code(cells, "location") if plain_code(cells.text("location")) else ""


def _time(cells: Cells, column: str) -> int | None:
    text = cells.text(column)
    if not text:
        return None
    return date_and_clock(f"{text} 00:00:00" if _DAY.fullmatch(text) else text, cells.place)


def _in_one_place(epochs: Iterable[tuple[Place, Epoch]]) -> Iterator[Epoch]:
    """Pass epochs on; refuse two that overlap at different coordinates, of which the first would win."""
    seen: dict[SeedId, list[tuple[Place, Epoch]]] = {}
    for place, epoch in epochs:
        for earlier_place, earlier in seen.setdefault(epoch.seed_id, []):
            here, there = ((e.latitude_deg, e.longitude_deg) for e in (epoch, earlier))
            if here != there and _overlap(epoch, earlier):
                raise place.refuse(
                    f"{epoch.seed_id} stands at {here}, in line {earlier_place.line} at {there} at the same "
                    "time; give epochs that end before the next begins."
                )
        seen[epoch.seed_id].append((place, epoch))
        yield epoch


def _overlap(one: Epoch, other: Epoch) -> bool:
    return all(
        first.start_ns is None or second.end_ns is None or first.start_ns < second.end_ns
        for first, second in ((one, other), (other, one))
    )
