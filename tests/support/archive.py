"""Writes tiny archives with particular faults: simulated waveforms in files that are then damaged or renamed.

Tests that need ordinary data take the fixtures ``archive_dir`` and ``dataset_dir``, or ``simulated``. Here an
observatory XX has stations ST00 and so on, at the places of Kandilli's, and earthquakes sim_000 and so on.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from obspy import Stream, Trace, UTCDateTime
from obspy.core.inventory import Channel, Inventory, Network, Site, Station
from obspy.core.inventory.response import InstrumentSensitivity, Response

from seismic_lightning.codes import COMPONENTS
from seismic_lightning.records.catalogue import Catalogue, Event, Pick
from seismic_lightning.records.quakeml import quakeml_bytes
from seismic_lightning.simulation.rays import arrivals
from seismic_lightning.simulation.recorder import PointSource, Recorder

START = UTCDateTime(2024, 1, 1)
SENSITIVITY_COUNTS_PER_MPS = 1e9
BEFORE_P_S = 15.0
"""Seconds of noise before P in every file."""
PLACES = ("ISK", "ADVT", "YLV")
"""Stations whose places and noise ST00 and the following have."""

Edit = Callable[[Stream], Stream]
"""Changes the three traces of one file before they are written."""


@dataclass(frozen=True)
class Sensor:
    """Which way the three channels point: letters with azimuth and dip in degrees, None for unknown."""

    channels: tuple[tuple[str, float | None, float | None], ...]


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
    picks: bool = True,
    unit: str = "counts",
    edits: Mapping[tuple[int, int], Edit] | None = None,
) -> Path:
    """Write an archive.

    Args:
        folder: Folder to make.
        n_events: Number of earthquakes, magnitudes rising from 1.0 to 4.5, called ``sim_000`` and so on.
        n_stations: Number of stations, up to three, called ``ST00`` and so on in network ``XX``.
        seed: Seed of everything random.
        family: Channel family of all files.
        sampling_rates_hz: Rate of each station: 20, 50 or 100.
        sensor: Channels of all stations.
        picks: Whether the catalogue has analyst's P and S picks.
        unit: ``counts``, or ``mps`` for float samples in SI units.
        edits: Changes to single files by (event number, station number).

    Returns:
        The folder.
    """
    generator = np.random.default_rng(seed)
    (folder / "waveforms" / family).mkdir(parents=True)
    events, read = {}, []
    for number in range(n_events):
        event = _event(number, n_events, generator)
        events[event.event_id] = event
        for station in range(n_stations):
            stream, own = _record(event, station, sampling_rates_hz[station], generator)
            read += [Pick(event.event_id, "XX", f"ST{station:02d}", "", f"{family}Z", *pick) for pick in own]
            for trace, (letter, _, _) in zip(stream, sensor.channels, strict=True):
                trace.stats.update({"station": f"ST{station:02d}", "channel": family + letter})
                if unit == "mps":
                    trace.data = (trace.data / SENSITIVITY_COUNTS_PER_MPS).astype(np.float32)
            stream = (edits or {}).get((number, station), _same)(stream)
            name = f"{event.event_id}_XX_ST{station:02d}_{family}.mseed"
            encoding = "STEIM2" if unit == "counts" else "FLOAT32"
            stream.write(str(folder / "waveforms" / family / name), format="MSEED", encoding=encoding)
    (folder / "catalogue.xml").write_bytes(quakeml_bytes(Catalogue(events, read if picks else [])))
    inventory = _inventory(family, sensor, sampling_rates_hz[:n_stations])
    inventory.write(str(folder / "stations.xml"), format="STATIONXML")
    return folder


def event_id(number: int) -> str:
    """Return the identifier of an earthquake; it contains an underscore, as some agencies' do."""
    return f"sim_{number:03d}"


def _same(stream: Stream) -> Stream:
    return stream


@functools.lru_cache
def _recorder(rate_hz: float) -> Recorder:
    return Recorder(0, None if rate_hz == 100.0 else rate_hz)


def _event(number: int, n_events: int, generator: np.random.Generator) -> Event:
    return Event(
        event_id=event_id(number),
        origin_ns=(START + 3600.0 * number).ns,
        latitude_deg=40.6 + 0.3 * generator.random(),
        longitude_deg=28.6 + 0.6 * generator.random(),
        depth_km=5.0 + 10.0 * generator.random(),
        magnitude=round(1.0 + 3.5 * number / max(n_events - 1, 1), 2),
        magnitude_type="ML",
    )


def _record(
    event: Event, station: int, rate_hz: float, generator: np.random.Generator
) -> tuple[Stream, list[tuple[str, int, str]]]:
    """Simulate three traces that start 15 s before P; beside them, phase, time and mode of the picks."""
    recorder = _recorder(rate_hz)
    point = PointSource(event.magnitude, event.latitude_deg, event.longitude_deg, event.depth_km)  # type: ignore[arg-type]
    family = "HH" if rate_hz == 100.0 else "BH"
    waves = arrivals(recorder.read(point, PLACES[station : station + 1], family, event.origin_ns or 0))
    rays = waves.rays._replace(onset_s=np.array([BEFORE_P_S]))
    counts = recorder.record(rays, np.array([point.stress_drop_pa]), generator).counts[0]
    p_ns, s_ns = int(waves.p_ns[0]), int(waves.s_ns[0])
    start = UTCDateTime(ns=p_ns) - BEFORE_P_S
    header = {"network": "XX", "sampling_rate": rate_hz, "starttime": start}
    traces = [Trace(samples.copy(), header) for samples in counts[: len(COMPONENTS)]]
    return Stream(traces), [("P", p_ns, "manual"), ("S", s_ns, "manual")]


def _inventory(family: str, sensor: Sensor, sampling_rates_hz: Sequence[float]) -> Inventory:
    """Describe the stations; a sensor of unknown azimuth has none in the file."""
    sensitivity = InstrumentSensitivity(SENSITIVITY_COUNTS_PER_MPS, 1.0, "M/S", "COUNTS")
    network, stations = _recorder(100.0).network, []
    for number, rate_hz in enumerate(sampling_rates_hz):
        row = network.index(PLACES[number])
        place = (float(network.latitude_deg[row]), float(network.longitude_deg[row]), 100.0)
        channels = [
            Channel(
                family + letter, "", *place, depth=0.0, azimuth=azimuth_deg, dip=dip_deg,
                sample_rate=rate_hz, response=Response(instrument_sensitivity=sensitivity),
            )
            for letter, azimuth_deg, dip_deg in sensor.channels
        ]  # fmt: skip
        stations.append(Station(f"ST{number:02d}", *place, site=Site(name=""), channels=channels))
    return Inventory([Network("XX", stations=stations)], source="made for tests", created=START)
