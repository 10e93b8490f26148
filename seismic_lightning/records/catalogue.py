"""Earthquake catalogues as plain rows: events with one origin and one magnitude each, and their picks.

An observatory's catalogue may describe an event by several origins and magnitudes. Of QuakeML the one marked
as preferred is taken, else the first listed, unless the settings name an order of magnitude types. What the
catalogue does not say stays None: unknown is never 0. A further format is a further file that returns a
:class:`Catalogue`, and a line in :func:`read_catalogue`.

References:
    Schorlemmer, D., Euchner, F., Kaestli, P., Saul, J. (2011), QuakeML: status of the XML-based seismological
    data exchange format, Annals of Geophysics 54(1), doi:10.4401/ag-4874.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, SupportsFloat

from seismic_lightning.codes import plain_code
from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.catalogue_settings import DEFAULT, CatalogueSettings, choose_magnitude
from seismic_lightning.records.quakeml_events import iterate_events

if TYPE_CHECKING:
    import obspy.core.event

P_PHASES = ("P", "p", "Pn", "Pg")
"""Names of a first arrival of compressional waves."""
S_PHASES = ("S", "s", "Sn", "Sg")
"""Names of a first arrival of shear waves."""

UNSTATED = ""
"""Mode of a pick that is written without one."""


@dataclass(frozen=True, slots=True)
class Event:
    """One earthquake.

    Attributes:
        event_id: Name within the catalogue; of QuakeML the last part of the resource identifier.
        origin_ns: Origin time in nanoseconds since 1970 (UTC), None if unknown.
        latitude_deg: Epicentre latitude, degrees north.
        longitude_deg: Epicentre longitude, degrees east.
        depth_km: Depth below sea level; negative above it.
        magnitude: The magnitude chosen by the settings, None if the event has none of the types.
        magnitude_type: Its type as the catalogue writes it, such as ``ML``.
    """

    event_id: str
    origin_ns: int | None
    latitude_deg: float | None
    longitude_deg: float | None
    depth_km: float | None
    magnitude: float | None
    magnitude_type: str | None


@dataclass(frozen=True, slots=True)
class Pick:
    """One arrival time that somebody, or a program, read off a seismogram.

    Attributes:
        event_id: Event it belongs to.
        network: Network code, empty if unknown.
        station: Station code.
        location: Location code, None if the catalogue does not give one.
        channel: Channel code, empty if unknown.
        phase: Phase name, such as ``Pg``.
        time_ns: Arrival in nanoseconds since 1970 (UTC).
        mode: ``manual`` or ``automatic``, and for writing ``UNSTATED``; a pick that is read without a mode
            counts as an analyst's.
    """

    event_id: str
    network: str
    station: str
    location: str | None
    channel: str
    phase: str
    time_ns: int
    mode: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Events by identifier, and picks in the order of the file.

    Attributes:
        events: Events by identifier.
        picks: Their picks.
        left_out: Number of rows of the file that became no event, by reason.
        explosions: Those left out as explosions, so that another source's report of them is known again.
    """

    events: dict[str, Event]
    picks: list[Pick]
    left_out: dict[str, int] = field(default_factory=dict)
    explosions: dict[str, Event] = field(default_factory=dict)


EXPLOSION = "explosion"
"""The reason under which explosions are counted when they are left out."""
_EXPLOSION_CODE = re.compile(r"[ks][mhxn]")


def read_catalogue(path: Path, settings: CatalogueSettings = DEFAULT) -> Catalogue:
    """Read a catalogue of any accepted format, which is recognised by the file's content.

    Args:
        path: QuakeML; Kandilli's event search, list of latest earthquakes or CSV by event code; a CSV file
            with declared columns; a GSE2.0 bulletin.
        settings: Which magnitude counts, which events, and the columns of a CSV file.

    Returns:
        Events by identifier, their picks where the format has any, and how many rows were left out and why.

    Raises:
        ArchiveError: The file is missing, of no accepted format, or has a row that cannot be an event.
    """
    from seismic_lightning.records.catalogue_formats import read_any  # here: the formats build on this file

    return read_any(path, settings)


def read_quakeml(path: Path, settings: CatalogueSettings = DEFAULT) -> Catalogue:
    """Read a QuakeML file.

    Args:
        path: QuakeML 1.2 file.
        settings: Which magnitude counts, and whether explosions are kept.

    Returns:
        Its events and picks.

    Raises:
        ArchiveError: The file is not QuakeML, or two events share an identifier.
    """
    events: dict[str, Event] = {}
    picks: list[Pick] = []
    left_out: dict[str, int] = {}
    explosions: dict[str, Event] = {}
    for entry in _entries(path):
        event = _event(entry, settings)
        if is_explosion(str(entry.event_type or "")) and not settings.keep_explosions:
            left_out[EXPLOSION] = left_out.get(EXPLOSION, 0) + 1
            explosions[event.event_id] = event
            continue
        if event.event_id in events:
            message = (
                f"{path}: two events are called {event.event_id!r}; the last part of publicID must be unique."
            )
            raise ArchiveError(message)
        events[event.event_id] = event
        picks.extend(_picks(entry, event.event_id))
    return Catalogue(events, picks, left_out, explosions)


def is_explosion(kind: str) -> bool:
    """Tell whether a kind of event is an explosion, suspected or certain.

    Args:
        kind: In words as in QuakeML, or in the two letters of GSE2.0 and Kandilli's tables: known or
            suspected mine, chemical, experimental or nuclear explosion.

    Example:
        >>> [is_explosion(kind) for kind in ("quarry blast", "Sm", "ke", "earthquake")]
        [True, True, False, False]
    """
    plain = kind.strip().lower()
    return EXPLOSION in plain or "blast" in plain or _EXPLOSION_CODE.fullmatch(plain) is not None


def first_pick(picks: Iterable[Pick], phases: tuple[str, ...], network: str, location: str) -> Pick | None:
    """Choose the analyst's earliest pick of some phases for one station.

    Automatic picks are left out. Picks of the same network count, as do picks without a network; among
    several, one with the station's own location code goes before the others, as a borehole sensor sees P
    earlier than the surface.

    Args:
        picks: Picks of one event at one station code.
        phases: Accepted phase names.
        network: Network code of the station.
        location: Location code of the station.

    Returns:
        The pick, or None.
    """
    usable = [
        pick
        for pick in picks
        if pick.mode == "manual" and pick.phase in phases and (pick.network in ("", network) or not network)
    ]
    own = [pick for pick in usable if pick.location == location]
    return min(own or usable, key=lambda pick: pick.time_ns, default=None)


def _entries(path: Path) -> Iterator["obspy.core.event.Event"]:
    try:
        yield from iterate_events(path)
    except Exception as error:  # ObsPy lets parser, type and value errors of any kind through
        message = (
            f"{path} cannot be read as QuakeML ({type(error).__name__}: {error}); give a QuakeML 1.2 file."
        )
        raise ArchiveError(message) from error


def _event(entry: "obspy.core.event.Event", settings: CatalogueSettings) -> Event:
    origin = entry.preferred_origin() or (entry.origins[0] if entry.origins else None)
    magnitude_type, magnitude = _magnitude(entry, settings)
    depth_m = None if origin is None else origin.depth
    return Event(
        event_id=str(entry.resource_id).rsplit("/", 1)[-1],
        origin_ns=None if origin is None or origin.time is None else int(origin.time.ns),
        latitude_deg=None if origin is None else _number(origin.latitude),
        longitude_deg=None if origin is None else _number(origin.longitude),
        depth_km=None if depth_m is None else float(depth_m) / 1000.0,
        magnitude=magnitude,
        magnitude_type=magnitude_type,
    )


def _magnitude(
    entry: "obspy.core.event.Event", settings: CatalogueSettings
) -> tuple[str | None, float | None]:
    """Return type and value; the preferred magnitude comes first, hence wins among those of its type."""
    preferred = entry.preferred_magnitude()
    listed = sorted(entry.magnitudes, key=lambda magnitude: magnitude is not preferred)
    known = [(str(one.magnitude_type or ""), float(one.mag)) for one in listed if one.mag is not None]
    if settings.magnitude_order is None:
        chosen = known[0] if known else None
    else:
        chosen = choose_magnitude(known, settings.magnitude_order)
    return (None, None) if chosen is None else (chosen[0] or None, chosen[1])


def _picks(entry: "obspy.core.event.Event", event_id: str) -> list[Pick]:
    phases = {
        str(arrival.pick_id): str(arrival.phase) for origin in entry.origins for arrival in origin.arrivals
    }
    picks = []
    for pick in entry.picks:
        channel = pick.waveform_id
        if pick.time is None:
            continue  # a pick without a time is none
        phase = pick.phase_hint or phases.get(str(pick.resource_id), "")
        network, station, location, code = _codes(channel)
        picks.append(
            Pick(
                event_id=event_id,
                network=network,
                station=station,
                location=location,
                channel=code,
                phase=str(phase),
                time_ns=int(pick.time.ns),
                mode=str(pick.evaluation_mode or "manual"),
            )
        )
    return picks


def _codes(channel: "obspy.core.event.WaveformStreamID | None") -> tuple[str, str, str | None, str]:
    """Return network, station, location and channel; a pick that names no channel keeps empty codes."""
    if channel is None:
        return "", "", None, ""
    location = None if channel.location_code is None else plain_code(channel.location_code)
    return plain_code(channel.network_code), channel.station_code or "", location, channel.channel_code or ""


def _number(value: SupportsFloat | None) -> float | None:
    return None if value is None else float(value)
