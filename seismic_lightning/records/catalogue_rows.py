"""From the rows of a table to a catalogue: identifiers, magnitudes and explosions."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from seismic_lightning.codes import NANOSECONDS_PER_S
from seismic_lightning.records.catalogue import EXPLOSION, Catalogue, Event
from seismic_lightning.records.catalogue_settings import LARGEST, CatalogueSettings, choose_magnitude
from seismic_lightning.records.text_table import Place

REPEATED_ROW = "repeated_row"
"""Counts rows that a table without identifiers lists twice, word for word."""

_MANGLED = re.compile(r"\d([.,]\d+)?[eE]\+\d+|\d{6}0{8}|\d{10,}[.,]0+")
_EVENT_ID = re.compile(r"[\w.:+-]+")
_FURTHER: tuple[str, ...] = ("", *"bcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class Row:
    """One event as a table has it.

    Attributes:
        place: Where it stands.
        event_id: Its identifier, None in a table without identifiers.
        origin_ns: Origin time in nanoseconds since 1970 (UTC), None if unknown.
        latitude_deg: Degrees north.
        longitude_deg: Degrees east.
        depth_km: Depth below sea level.
        magnitudes: Types and values of those that were determined.
        preferred: The magnitude that the table prefers, where it prefers one.
        largest: The largest magnitude, where the table has a column of its own for it.
        is_explosion: Marked as an explosion, suspected or certain.
    """

    place: Place
    event_id: str | None
    origin_ns: int | None
    latitude_deg: float | None
    longitude_deg: float | None
    depth_km: float | None
    magnitudes: tuple[tuple[str, float], ...]
    preferred: tuple[str, float] | None = None
    largest: float | None = None
    is_explosion: bool = False


def refuse_mangled(ids: Sequence[tuple[Place, str]]) -> None:
    """Refuse a table whose identifiers went through a spreadsheet, which keeps six digits of fourteen.

    Args:
        ids: Identifiers of all rows and where they stand.

    Raises:
        ArchiveError: Some are in scientific notation or rounded, or all are the same.
    """
    remedy = "it went through a spreadsheet; export the catalogue again and keep that column as text."
    for place, event_id in ids:
        if _MANGLED.fullmatch(event_id):
            raise place.refuse(f"event id {event_id!r} is a rounded number: {remedy}")
    if len(ids) > 1 and len({event_id for _, event_id in ids}) == 1:
        place, event_id = ids[1]
        raise place.refuse(f"all {len(ids)} rows have the event id {event_id!r}: {remedy}")


def assemble(rows: Iterable[Row], settings: CatalogueSettings, left_out: dict[str, int]) -> Catalogue:
    """Make a catalogue of the rows of a table.

    Rows without identifiers are called by their origin time, ``YYYYMMDDhhmmss`` in UTC, as Kandilli calls its
    events; a further event of the same second has a letter more.

    Args:
        rows: Rows in the order of the file.
        settings: Which magnitude counts, and whether explosions are kept.
        left_out: What the reader left out already, by reason.

    Returns:
        The events, without picks.

    Raises:
        ArchiveError: Two rows have one identifier, or a place that is not on Earth.
    """
    counts = dict(left_out)
    events: dict[str, Event] = {}
    explosions: dict[str, Event] = {}
    places: dict[str, Place] = {}
    unnamed: set[tuple[object, ...]] = set()
    for row in rows:
        _check(row)
        if row.event_id is None:
            content = (row.origin_ns, row.latitude_deg, row.longitude_deg, row.depth_km, row.magnitudes)
            if content in unnamed:
                counts[REPEATED_ROW] = counts.get(REPEATED_ROW, 0) + 1
                continue
            unnamed.add(content)
        event_id = row.event_id or _name(row, places)
        if event_id in places:
            raise row.place.refuse(
                f"event id {event_id!r} is that of line {places[event_id].line} already; give unique ids."
            )
        places[event_id] = row.place
        if row.is_explosion and not settings.keep_explosions:
            counts[EXPLOSION] = counts.get(EXPLOSION, 0) + 1
            explosions[event_id] = _event(row, event_id, settings)
        else:
            events[event_id] = _event(row, event_id, settings)
    return Catalogue(events, [], counts, explosions)


def _check(row: Row) -> None:
    if row.event_id is not None and not _EVENT_ID.fullmatch(row.event_id):
        raise row.place.refuse(
            f"event id {row.event_id!r} cannot be part of a file's name; give letters, digits and . : + - _"
        )
    for name, value, most in (("latitude", row.latitude_deg, 90.0), ("longitude", row.longitude_deg, 180.0)):
        if value is not None and abs(value) > most:
            raise row.place.refuse(f"{name} is {value}; give degrees between -{most:g} and {most:g}.")


def _name(row: Row, taken: dict[str, Place]) -> str:
    if row.origin_ns is None:
        raise row.place.refuse("neither an event id nor a time; give one of them.")
    name = f"{datetime.fromtimestamp(row.origin_ns // NANOSECONDS_PER_S, UTC):%Y%m%d%H%M%S}"
    free = next((name + letter for letter in _FURTHER if name + letter not in taken), None)
    if free is None:
        raise row.place.refuse(f"more than {len(_FURTHER)} events in the second {name}.")
    return free


def _event(row: Row, event_id: str, settings: CatalogueSettings) -> Event:
    chosen = choose_magnitude(row.magnitudes, settings.order_of_tables)
    if settings.magnitude_order is None and row.preferred is not None:
        chosen = row.preferred
    if chosen is None and settings.magnitude_order == LARGEST and row.largest is not None:
        chosen = (LARGEST, row.largest)
    magnitude_type, magnitude = (None, None) if chosen is None else chosen
    return Event(
        event_id=event_id,
        origin_ns=row.origin_ns,
        latitude_deg=row.latitude_deg,
        longitude_deg=row.longitude_deg,
        depth_km=row.depth_km,
        magnitude=magnitude,
        magnitude_type=magnitude_type or None,
    )
