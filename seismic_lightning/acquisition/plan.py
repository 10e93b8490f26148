"""What to ask for: one window of one sensor around the P of one earthquake, for every pick.

A sensor is a network, station, location and channel family; what channels it has at a time is in the station
metadata. Windows are made one after the other, so that a plan of any length takes no memory.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from seismic_lightning.acquisition.names import are_codes, event_name, file_of
from seismic_lightning.acquisition.settings import ANY, AcquisitionSettings, FdsnSettings
from seismic_lightning.codes import COMPONENTS, NANOSECONDS_PER_S
from seismic_lightning.records.catalogue import P_PHASES, Catalogue, Event, Pick, first_pick
from seismic_lightning.records.inventory import Epoch, Inventory

LATEST_P_NS = 3600 * NANOSECONDS_PER_S
"""No first P arrives later; a pick beyond it belongs to another earthquake."""
EARLIEST_P_NS = -10 * NANOSECONDS_PER_S
"""Origin times are uncertain by seconds, so that a near P may seem to precede them."""


class Window(NamedTuple):
    """One event file to be.

    Attributes:
        file: Path within the archive.
        event: Name of the event.
        network: Network code.
        station: Station code.
        location: Location code, may be empty.
        channels: Channel codes.
        start_ns: First moment, nanoseconds since 1970 (UTC).
        end_ns: Last moment.
    """

    file: str
    event: str
    network: str
    station: str
    location: str
    channels: tuple[str, ...]
    start_ns: int
    end_ns: int

    @property
    def family(self) -> str:
        """Return the channel family."""
        return self.channels[0][:2]


class LeftOut(NamedTuple):
    """Something in the catalogue that no window is asked for; see ``reasons.REASONS``."""

    event: str
    station: str
    reason: str
    detail: str


class _Sensor(NamedTuple):
    network: str
    station: str
    location: str
    family: str
    epochs: tuple[Epoch, ...]


def selected(catalogue: Catalogue, settings: AcquisitionSettings) -> Catalogue:
    """Return the events of the region and period, called as files may be, with their picks in order.

    Events without an origin, and those that nothing safe names, stay: the plan lists them by name.

    Args:
        catalogue: Any events and picks.
        settings: Region, period and least magnitude.
    """
    events: dict[str, Event] = {}
    names: dict[str, str] = {}
    for event_id, event in catalogue.events.items():
        if _wanted(event, settings):
            name = event_name(event_id)
            name = event_id if name is None or name in events else name
            names[event_id] = name
            events[name] = event if name == event_id else replace(event, event_id=name)
    picks = []
    for pick in catalogue.picks:
        name = names.get(pick.event_id)
        if name is not None:
            picks.append(pick if name == pick.event_id else replace(pick, event_id=name))
    order = {name: number for number, name in enumerate(events)}
    picks.sort(key=lambda pick: order[pick.event_id])
    return Catalogue(events, picks)


def plan_windows(
    catalogue: Catalogue, inventory: Inventory, settings: FdsnSettings
) -> Iterator[Window | LeftOut]:
    """Make the windows to ask for, event by event.

    Args:
        catalogue: From ``selected``.
        inventory: Station metadata with channels.
        settings: Families, networks, lengths.

    Yields:
        Windows, and what becomes none.
    """
    sensors = _sensors(inventory, settings)
    listed = {codes.station for group in sensors.values() for codes in group} | {
        epoch.seed_id.station for epoch in inventory
    }
    grouped = {
        event_id: tuple(picks) for event_id, picks in groupby(catalogue.picks, lambda pick: pick.event_id)
    }
    for event in catalogue.events.values():
        if event_name(event.event_id) != event.event_id:
            yield LeftOut(event.event_id, "", "unsafe_event", "name it by letters, digits, dots and dashes")
        elif event.origin_ns is None or event.latitude_deg is None or event.longitude_deg is None:
            yield LeftOut(event.event_id, "", "no_origin", "")
        else:
            planner = _EventPlanner(event, event.origin_ns, sensors, listed, settings)
            yield from planner.windows(grouped.get(event.event_id, ()))


class _EventPlanner:
    """The windows of one event."""

    def __init__(
        self,
        event: Event,
        origin_ns: int,
        sensors: dict[str, list[_Sensor]],
        listed: set[str],
        settings: FdsnSettings,
    ) -> None:
        self._event, self._origin_ns = event, origin_ns
        self._sensors, self._listed, self._settings = sensors, listed, settings

    def windows(self, picks: tuple[Pick, ...]) -> Iterator[Window | LeftOut]:
        """Yield the windows at picked stations, then those around a modelled P."""
        stations: dict[str, list[Pick]] = {}
        for pick in picks:
            stations.setdefault(pick.station, []).append(pick)
        for station, own in stations.items():
            yield from self._picked(station, own)
        if self._settings.model_within_km is not None:
            for station, group in self._sensors.items():
                if not any(pick.phase in P_PHASES for pick in stations.get(station, ())):
                    yield from self._modelled(group)

    def _picked(self, station: str, picks: list[Pick]) -> Iterator[Window | LeftOut]:
        event = self._event.event_id
        if station not in self._sensors:
            if station in self._listed:
                yield LeftOut(event, station, "no_channel", ", ".join(self._settings.families))
            else:
                yield LeftOut(event, station, "unknown_station", "not in the node's station metadata")
            return
        for sensor in self._sensors[station]:
            pick = first_pick(picks, P_PHASES, sensor.network, sensor.location)
            if pick is not None:
                yield from self._window(sensor, pick.time_ns, quiet=False)
            elif self._settings.model_within_km is None:
                yield LeftOut(event, station, "no_p", f"phases {', '.join(p.phase for p in picks)}")
                return

    def _modelled(self, group: list[_Sensor]) -> Iterator[Window | LeftOut]:
        # Here: ObsPy is slow to import, and plans by picks alone need no distances.
        from obspy.geodetics import gps2dist_azimuth, kilometer2degrees, locations2degrees

        from seismic_lightning.records.travel_time import p_travel_time_s

        event = self._event
        if event.depth_km is None or event.latitude_deg is None or event.longitude_deg is None:
            return
        place = (event.latitude_deg, event.longitude_deg)
        for sensor in group:
            station = next((epoch for epoch in sensor.epochs if epoch.covers(self._origin_ns)), None)
            if station is None:
                continue
            there = (station.latitude_deg, station.longitude_deg)
            distance_deg = float(locations2degrees(*place, *there))
            limit_km = self._settings.model_within_km or 0.0
            if distance_deg > 1.1 * kilometer2degrees(limit_km):
                continue  # the exact distance is dear, and does not converge for antipodes
            if gps2dist_azimuth(*place, *there)[0] / 1000.0 <= limit_km:
                travel_s = p_travel_time_s(event.depth_km, distance_deg)
                if travel_s is not None:
                    p_ns = self._origin_ns + round(travel_s * NANOSECONDS_PER_S)
                    yield from self._window(sensor, p_ns, quiet=True)

    def _window(self, sensor: _Sensor, p_ns: int, *, quiet: bool) -> Iterator[Window | LeftOut]:
        """Yield the window of one sensor, or why there is none; a modelled one may lack in silence."""
        event, settings = self._event.event_id, self._settings
        codes = sensor.network, sensor.station, sensor.location
        channels = _channels(sensor, p_ns)
        if not EARLIEST_P_NS <= p_ns - self._origin_ns <= LATEST_P_NS:
            delay_s = (p_ns - self._origin_ns) / NANOSECONDS_PER_S
            yield LeftOut(event, sensor.station, "odd_pick", f"P {delay_s:.1f} s after the origin")
        elif not channels:
            if not quiet:
                yield LeftOut(event, sensor.station, "no_channel", f"none of {sensor.family} at that time")
        elif not all(are_codes(*codes, channel) for channel in channels):
            name = ".".join([*codes, sensor.family])
            yield LeftOut(event, sensor.station, "unsafe_code", ascii(name))
        else:
            before_ns = round(settings.before_p_s * NANOSECONDS_PER_S)
            start_ns = min(self._origin_ns, p_ns - before_ns)
            end_ns = p_ns + round(settings.after_p_s * NANOSECONDS_PER_S)
            file = file_of(event, *codes, sensor.family)
            yield Window(file, event, *codes, channels, start_ns, end_ns)


def _wanted(event: Event, settings: AcquisitionSettings) -> bool:
    """Tell whether an event is asked for; what is unknown of it does not speak against it."""
    region, least = settings.region, settings.region.min_magnitude
    if event.origin_ns is not None and not settings.start_ns <= event.origin_ns < settings.end_ns:
        return False
    place = (event.latitude_deg, event.longitude_deg)
    if place[0] is not None and place[1] is not None and not region.holds(place[0], place[1]):
        return False
    return least is None or (event.magnitude is not None and event.magnitude >= least)


def _sensors(inventory: Inventory, settings: FdsnSettings) -> dict[str, list[_Sensor]]:
    """Return the sensors of the wanted networks and families by station code."""
    grouped: dict[tuple[str, str, str, str], list[Epoch]] = {}
    for epoch in inventory:
        codes = epoch.seed_id
        known = ANY in settings.networks or codes.network in settings.networks
        if codes.channel and known and codes.family in settings.families:
            grouped.setdefault((*codes[:3], codes.family), []).append(epoch)
    sensors: dict[str, list[_Sensor]] = {}
    for key, epochs in sorted(grouped.items()):
        sensors.setdefault(key[1], []).append(_Sensor(*key, tuple(epochs)))
    return sensors


def _channels(sensor: _Sensor, time_ns: int) -> tuple[str, ...]:
    """Return the channels at a time: vertical, north and east where these are there, else all."""
    present = {epoch.seed_id.channel for epoch in sensor.epochs if epoch.covers(time_ns)}
    usual = tuple(sensor.family + letter for letter in COMPONENTS)
    return usual if present.issuperset(usual) else tuple(sorted(present))
