"""Earthquake catalogues as plain rows: events with one origin and one magnitude each, and their picks.

An observatory's catalogue may describe an event by several origins and magnitudes. The one it marks as
preferred is taken, else the first that it lists. What the catalogue does not say stays None: unknown is never
0. A further format is a further function that returns a :class:`Catalogue`.

References:
    Schorlemmer, D., Euchner, F., Kaestli, P., Saul, J. (2011), QuakeML: status of the XML-based seismological
    data exchange format, Annals of Geophysics 54(1), doi:10.4401/ag-4874.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, SupportsFloat

from seismic_lightning.codes import plain_code
from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.quakeml_events import iterate_events

if TYPE_CHECKING:
    import obspy.core.event

P_PHASES = ("P", "p", "Pn", "Pg")
"""Names of a first arrival of compressional waves."""
S_PHASES = ("S", "s", "Sn", "Sg")
"""Names of a first arrival of shear waves."""


@dataclass(frozen=True, slots=True)
class Event:
    """One earthquake.

    Attributes:
        event_id: Last part of the catalogue's resource identifier.
        origin_ns: Origin time in nanoseconds since 1970 (UTC), None if unknown.
        latitude_deg: Epicentre latitude, degrees north.
        longitude_deg: Epicentre longitude, degrees east.
        depth_km: Depth below sea level; negative above it.
        magnitude: Preferred magnitude, of whatever type.
        magnitude_type: Type as the catalogue writes it, such as ``ML``.
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
        mode: ``manual`` or ``automatic``; a pick of unstated mode counts as an analyst's.
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
    """Events by identifier, and picks in the order of the file."""

    events: dict[str, Event]
    picks: list[Pick]


def read_quakeml(path: Path) -> Catalogue:
    """Read a QuakeML file.

    Args:
        path: QuakeML 1.2 file.

    Returns:
        Its events and picks.

    Raises:
        ArchiveError: The file is not QuakeML, or two events share an identifier.
    """
    events: dict[str, Event] = {}
    picks: list[Pick] = []
    for entry in _entries(path):
        event = _event(entry)
        if event.event_id in events:
            message = (
                f"{path}: two events are called {event.event_id!r}; the last part of publicID must be unique."
            )
            raise ArchiveError(message)
        events[event.event_id] = event
        picks.extend(_picks(entry, event.event_id))
    return Catalogue(events, picks)


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


def _event(entry: "obspy.core.event.Event") -> Event:
    origin = entry.preferred_origin() or (entry.origins[0] if entry.origins else None)
    magnitude = entry.preferred_magnitude() or (entry.magnitudes[0] if entry.magnitudes else None)
    depth_m = None if origin is None else origin.depth
    return Event(
        event_id=str(entry.resource_id).rsplit("/", 1)[-1],
        origin_ns=None if origin is None or origin.time is None else int(origin.time.ns),
        latitude_deg=None if origin is None else _number(origin.latitude),
        longitude_deg=None if origin is None else _number(origin.longitude),
        depth_km=None if depth_m is None else float(depth_m) / 1000.0,
        magnitude=None if magnitude is None else _number(magnitude.mag),
        magnitude_type=None
        if magnitude is None or not magnitude.magnitude_type
        else str(magnitude.magnitude_type),
    )


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
