"""Writes tiny archives as an observatory keeps them: QuakeML with picks, StationXML and STEIM2 event files.

The earthquakes are invented but orderly: P and S trains of decaying noise arrive at straight-ray times, and
grow with magnitude, so that onsets can be found and models can learn. Everything follows from the seed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from obspy import Stream, Trace, UTCDateTime
from obspy.core.event import (
    Arrival,
    Catalog,
    Event,
    Magnitude,
    Origin,
    Pick,
    ResourceIdentifier,
    WaveformStreamID,
)
from obspy.core.inventory import Channel, Inventory, Network, Site, Station
from obspy.core.inventory.response import InstrumentSensitivity, Response
from obspy.geodetics import gps2dist_azimuth

START = UTCDateTime(2024, 1, 1)
P_VELOCITY_KM_S = 5.8
S_VELOCITY_KM_S = 3.36
OFFSET_COUNTS = -8500
NOISE_COUNTS = 40.0
SENSITIVITY_COUNTS_PER_MPS = 1e9
BEFORE_P_S = 15.0
"""Seconds of noise before P in every file."""

Edit = Callable[[Stream], Stream]
"""Changes the three traces of one file before they are written."""


@dataclass(frozen=True)
class Sensor:
    """Which way the three channels point: letters with azimuth and dip in degrees, None for unknown."""

    channels: tuple[tuple[str, float | None, float | None], ...]

    @property
    def letters(self) -> str:
        """Return the component letters in order."""
        return "".join(letter for letter, _, _ in self.channels)


ZNE = Sensor((("Z", 0.0, -90.0), ("N", 0.0, 0.0), ("E", 90.0, 0.0)))
Z12 = Sensor((("Z", 0.0, -90.0), ("1", 30.0, 0.0), ("2", 120.0, 0.0)))
Z12_UNKNOWN = Sensor((("Z", None, None), ("1", None, None), ("2", None, None)))


def gap(component: str, start_s: float, stop_s: float) -> Edit:
    """Cut some seconds, counted from the file's start, out of one component."""

    def edit(stream: Stream) -> Stream:
        trace = stream.select(component=component)[0]
        begin = trace.stats.starttime
        stream.remove(trace)
        half_sample = 0.5 * trace.stats.delta
        return stream + Stream(
            [
                trace.slice(endtime=begin + start_s - half_sample, nearest_sample=False),
                trace.slice(starttime=begin + stop_s - half_sample, nearest_sample=False),
            ]
        )

    return edit


def without(component: str) -> Edit:
    """Leave one component out."""
    return lambda stream: Stream([trace for trace in stream if trace.stats.component != component])


def shifted(component: str, shift_s: float) -> Edit:
    """Let one component's clock run late."""

    def edit(stream: Stream) -> Stream:
        stream.select(component=component)[0].stats.starttime += shift_s
        return stream

    return edit


def decimated(component: str, factor: int) -> Edit:
    """Give one component a lower rate than the others."""

    def edit(stream: Stream) -> Stream:
        stream.select(component=component)[0].decimate(factor, no_filter=True)
        return stream

    return edit


def shortened(stop_s: float) -> Edit:
    """Keep only the first seconds of the file."""
    return lambda stream: stream.trim(endtime=stream[0].stats.starttime + stop_s)


def constant(component: str) -> Edit:
    """Make one component dead."""

    def edit(stream: Stream) -> Stream:
        stream.select(component=component)[0].data[:] = 7
        return stream

    return edit


def write_archive(
    folder: Path,
    n_events: int = 12,
    n_stations: int = 3,
    *,
    seed: int = 0,
    family: str = "HH",
    sampling_rates_hz: Sequence[float] = (100.0, 50.0, 100.0),
    sensor: Sensor = ZNE,
    duration_s: float = 90.0,
    picks: bool = True,
    unit: str = "counts",
    edits: Mapping[tuple[int, int], Edit] | None = None,
) -> Path:
    """Write an archive.

    Args:
        folder: Folder to make.
        n_events: Number of earthquakes, magnitudes rising from 1.0 to 4.5, called ``sim_000`` and so on.
        n_stations: Number of stations, called ``ST00`` and so on in network ``XX``.
        seed: Seed of everything random.
        family: Channel family of all files.
        sampling_rates_hz: Rate of each station, repeated as needed.
        sensor: Channels of all stations.
        duration_s: Length of a file; P comes after 15 s.
        picks: Whether the catalogue has analyst's P and S picks.
        unit: ``counts``, or ``mps`` for float samples in SI units.
        edits: Changes to single files by (event number, station number).

    Returns:
        The folder.
    """
    generator = np.random.default_rng(seed)
    places = [(40.4 + 0.3 * generator.random(), 28.5 + 0.6 * generator.random()) for _ in range(n_stations)]
    waveforms = folder / "waveforms" / family
    waveforms.mkdir(parents=True)
    events = []
    for number in range(n_events):
        event = _event(number, n_events, generator)
        for station, place in enumerate(places):
            code, times_s = f"ST{station:02d}", _travel_times_s(event, place)
            if picks:
                _add_picks(event, code, family, times_s)
            sampling = (sampling_rates_hz[station % len(sampling_rates_hz)], duration_s)
            stream = _record(event, times_s, sampling, family + sensor.letters, generator)
            for trace in stream:
                trace.stats.network, trace.stats.station = "XX", code
                if unit == "mps":
                    trace.data = (trace.data / SENSITIVITY_COUNTS_PER_MPS).astype(np.float32)
            stream = (edits or {}).get((number, station), _same)(stream)
            encoding = "STEIM2" if unit == "counts" else "FLOAT32"
            name = f"{event_id(number)}_XX_{code}_{family}.mseed"
            stream.write(str(waveforms / name), format="MSEED", encoding=encoding)
        events.append(event)
    Catalog(events).write(str(folder / "catalogue.xml"), format="QUAKEML")
    inventory = _inventory(places, family, sensor, sampling_rates_hz)
    inventory.write(str(folder / "stations.xml"), format="STATIONXML")
    return folder


def event_id(number: int) -> str:
    """Return the identifier of an earthquake; it contains an underscore, as some agencies' do."""
    return f"sim_{number:03d}"


def _same(stream: Stream) -> Stream:
    return stream


def _resource(kind: str, name: str) -> ResourceIdentifier:
    """Name a part of the catalogue; the names that ObsPy would give are random."""
    return ResourceIdentifier(f"smi:local/{kind}/{name}")


def _event(number: int, n_events: int, generator: np.random.Generator) -> Event:
    name = event_id(number)
    origin = Origin(
        resource_id=_resource("origin", name),
        time=START + 3600.0 * number,
        latitude=40.5 + 0.3 * generator.random(),
        longitude=28.6 + 0.8 * generator.random(),
        depth=1000.0 * (5.0 + 10.0 * generator.random()),
    )
    value = round(1.0 + 3.5 * number / max(n_events - 1, 1), 2)
    magnitude = Magnitude(resource_id=_resource("magnitude", name), mag=value, magnitude_type="ML")
    event = Event(resource_id=_resource("event", name), origins=[origin], magnitudes=[magnitude])
    event.preferred_origin_id = origin.resource_id
    event.preferred_magnitude_id = magnitude.resource_id
    return event


def _travel_times_s(event: Event, place: tuple[float, float]) -> tuple[float, float]:
    origin = event.origins[0]
    distance_m, _, _ = gps2dist_azimuth(origin.latitude, origin.longitude, *place)
    distance_km = float(np.hypot(distance_m, origin.depth)) / 1000.0
    return distance_km / P_VELOCITY_KM_S, distance_km / S_VELOCITY_KM_S


def _add_picks(event: Event, station: str, family: str, times_s: tuple[float, float]) -> None:
    origin = event.origins[0]
    for phase, time_s in zip(("P", "S"), times_s, strict=True):
        name = f"{str(event.resource_id).rsplit('/', 1)[-1]}-{station}-{phase}"
        pick = Pick(
            resource_id=_resource("pick", name),
            time=origin.time + time_s,
            waveform_id=WaveformStreamID("XX", station, "", f"{family}Z"),
            phase_hint=phase,
            evaluation_mode="manual",
        )
        event.picks.append(pick)
        arrival = Arrival(resource_id=_resource("arrival", name), pick_id=pick.resource_id, phase=phase)
        origin.arrivals.append(arrival)


def _record(
    event: Event,
    times_s: tuple[float, float],
    sampling: tuple[float, float],
    channels: str,
    generator: np.random.Generator,
) -> Stream:
    """Make three traces that start 15 s before the P of this station."""
    rate_hz, duration_s = sampling
    p_s, s_s = times_s
    n_samples = round(duration_s * rate_hz) + 1
    amplitude = 60.0 * 10.0 ** (0.8 * (event.magnitudes[0].mag - 1.0))
    start = event.origins[0].time + p_s - BEFORE_P_S
    header: dict[str, Any] = {"sampling_rate": rate_hz, "starttime": start}
    traces = []
    for letter in channels[2:]:
        p_share, s_share = (1.0, 0.8) if letter == "Z" else (0.5, 2.0)
        onsets = ((BEFORE_P_S, amplitude * p_share), (BEFORE_P_S + s_s - p_s, amplitude * s_share))
        samples = OFFSET_COUNTS + NOISE_COUNTS * generator.standard_normal(n_samples)
        for onset_s, size in onsets:
            samples += size * _train(n_samples, rate_hz, onset_s, generator)
        data = np.rint(samples).astype(np.int32)
        traces.append(Trace(data, {**header, "channel": channels[:2] + letter}))
    return Stream(traces)


def _train(
    n_samples: int, rate_hz: float, onset_s: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Return noise around 3 to 6 Hz that begins at the onset and decays within seconds."""
    time_s = np.arange(n_samples) / rate_hz - onset_s
    frequency_hz = generator.uniform(3.0, 6.0, size=5)
    phase = generator.uniform(0.0, 2 * np.pi, size=5)
    carrier = np.sin(2 * np.pi * frequency_hz[:, None] * time_s + phase[:, None]).sum(axis=0)
    envelope = np.where(time_s >= 0.0, np.exp(-np.maximum(time_s, 0.0) / 4.0), 0.0)
    train: NDArray[np.float64] = carrier * envelope
    return train


def _inventory(
    places: Sequence[tuple[float, float]], family: str, sensor: Sensor, sampling_rates_hz: Sequence[float]
) -> Inventory:
    """Describe the stations; a sensor of unknown azimuth has none in the file."""
    sensitivity = InstrumentSensitivity(SENSITIVITY_COUNTS_PER_MPS, 1.0, "M/S", "COUNTS")
    stations = []
    for number, (latitude, longitude) in enumerate(places):
        channels = [
            Channel(
                code=family + letter,
                location_code="",
                latitude=latitude,
                longitude=longitude,
                elevation=100.0,
                depth=0.0,
                azimuth=azimuth_deg,
                dip=dip_deg,
                sample_rate=sampling_rates_hz[number % len(sampling_rates_hz)],
                response=Response(instrument_sensitivity=sensitivity),
            )
            for letter, azimuth_deg, dip_deg in sensor.channels
        ]
        site = Site(name="")
        stations.append(Station(f"ST{number:02d}", latitude, longitude, 100.0, site=site, channels=channels))
    return Inventory([Network("XX", stations=stations)], source="made for tests", created=START)
