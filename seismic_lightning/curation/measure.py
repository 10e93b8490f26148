"""One event file to one measured record: read, located, timed, cut and measured, or refused by name."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from obspy.geodetics import gps2dist_azimuth, locations2degrees

from seismic_lightning.codes import COMPONENTS, NANOSECONDS_PER_S, SeedId, is_code, plain_code
from seismic_lightning.curation.layout import FileName
from seismic_lightning.curation.responses import instrument_columns
from seismic_lightning.curation.settings import CurationSettings
from seismic_lightning.errors import WaveformError
from seismic_lightning.records import quality
from seismic_lightning.records.catalogue import P_PHASES, S_PHASES, Event, Pick, first_pick
from seismic_lightning.records.gse2 import Gse2Decoder
from seismic_lightning.records.inventory import Epoch, Inventory
from seismic_lightning.records.spans import end_ns, read_extents
from seismic_lightning.records.travel_time import p_travel_time_s
from seismic_lightning.records.waveform import Segment, gap_intervals, read_segments
from seismic_lightning.records.window import Request, Window, cut_window

FARTHEST_DEG = 150.0
"""No direct P arrives from farther away, and geodesics to antipodes need not converge."""


class Onset(NamedTuple):
    """P onset of a record: its time in nanoseconds since 1970 and whether an analyst or a model gave it."""

    p_ns: int
    status: str


class Span(NamedTuple):
    """Where the samples of one record lie in continuous files.

    Attributes:
        sensor: Codes of the sensor; the channel is the family alone.
        start_ns: First nanosecond since 1970 (UTC) that is wanted.
        end_ns: Last nanosecond.
        parts: Files within the archive, each with offsets and sizes of the bytes to read.
    """

    sensor: SeedId
    start_ns: int
    end_ns: int
    parts: tuple[tuple[str, tuple[tuple[int, int], ...]], ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One file, or part of continuous files, that should become a record.

    Attributes:
        file: Path within the archive; several are separated by semicolons.
        name: What the file's name says, or would say.
        event: The event it belongs to.
        picks: Picks of that event at stations of that name.
        span: The part to read, None for an event file.
    """

    file: str
    name: FileName
    event: Event
    picks: tuple[Pick, ...]
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A record with everything that is known of it, before selection.

    Attributes:
        row: Metadata columns except shard, row and split.
        window: Its samples.
    """

    row: dict[str, Any]
    window: Window


def measure(
    candidate: Candidate,
    root: Path,
    inventory: Inventory,
    settings: CurationSettings,
    decoder: Gse2Decoder | None = None,
) -> Measured:
    """Turn one file into a measured record.

    Args:
        candidate: The file, its event and its picks.
        root: Folder that the file's path is relative to.
        inventory: Station metadata.
        settings: Window and orientation.
        decoder: What decodes GSE blocks of many files.

    Returns:
        The record.

    Raises:
        WaveformError: The file cannot become a record; its ``reason`` is one of ``reasons.REASONS``.
    """
    event = candidate.event
    if event.origin_ns is None or event.latitude_deg is None or event.longitude_deg is None:
        raise WaveformError("no_origin", f"event {event.event_id} has no origin time, latitude or longitude")
    if event.magnitude is None or not math.isfinite(event.magnitude):
        raise WaveformError("no_magnitude", f"event {event.event_id} has no magnitude")
    segments = _read(candidate, root, decoder)
    seed_id = _single_sensor(segments, candidate)
    picks = [pick for pick in candidate.picks if pick.station == seed_id.station]
    pick = first_pick(picks, P_PHASES, seed_id.network, seed_id.location)
    station = _station(inventory, seed_id, event.origin_ns if pick is None else pick.time_ns)
    path = path_columns(event, station)
    onset = _onset(event, pick, path["distance_deg"])
    before_p_s, length_s = settings.window.before_p_s, settings.window.length_s
    # A continuous file may begin a day earlier, with another sensor.
    start_ns = onset.p_ns - round(before_p_s * NANOSECONDS_PER_S)
    epochs = {
        letter: inventory.channel(seed_id._replace(channel=seed_id.family + letter), start_ns)
        for letter in {segment.seed_id.component for segment in segments}
    }
    request = Request(onset.p_ns, before_p_s, length_s, settings.orientation, settings.components)
    window = cut_window(segments, epochs, request)
    row = {
        **source_columns(event),
        **_station_columns(seed_id, station),
        **_time_columns(window, onset, first_pick(picks, S_PHASES, seed_id.network, seed_id.location)),
        **quality_columns(window, settings),
        **instrument_columns(epochs, window),
        **{name: value for name, value in path.items() if name != "distance_deg"},
        "trace_file": candidate.file,
    }
    return Measured(row, window)


def _read(candidate: Candidate, root: Path, decoder: Gse2Decoder | None) -> list[Segment]:
    """Read an event file, or what continuous files hold of the sensor in the wanted stretch."""
    span = candidate.span
    if span is None:
        return read_segments(root / candidate.file, decoder)
    found = [segment for file, ranges in span.parts for segment in read_extents(root / file, ranges, decoder)]
    segments = [
        segment
        for segment in found
        if segment.seed_id._replace(channel=segment.seed_id.family) == span.sensor
        and segment.start_ns <= span.end_ns
        and end_ns(segment) >= span.start_ns
    ]
    if not segments:
        raise WaveformError("too_short", "no sample of the file lies in the window around P")
    return sorted(segments, key=lambda segment: (segment.seed_id, segment.start_ns))


def _single_sensor(segments: list[Segment], candidate: Candidate) -> SeedId:
    """Check that headers agree with each other and with the file's name."""
    seed_id = segments[0].seed_id
    sensors = sorted({".".join([*s.seed_id[:3], s.seed_id.family]) for s in segments})
    if len(sensors) > 1:
        raise WaveformError("name_mismatch", f"the headers name several sensors: {', '.join(sensors)}")
    network, station, location, _ = seed_id
    if not is_code(station) or not all(code == "" or is_code(code) for code in (network, location)):
        raise WaveformError("bad_code", f"header codes {str(seed_id)!r}")
    if candidate.span is not None:
        return seed_id
    name = candidate.name
    accepted = {(station,), (network, station), (station, location), (network, station, location)}
    folder = Path(candidate.file).parent.name
    if tuple(map(plain_code, name.codes)) not in accepted or not (name.family == folder == seed_id.family):
        message = f"named {'_'.join([*name.codes, name.family])} in folder {folder}, headers say {sensors[0]}"
        raise WaveformError("name_mismatch", message)
    return seed_id


def _station(inventory: Inventory, seed_id: SeedId, time_ns: int) -> Epoch:
    """Find where the sensor stood at the pick, or at the origin time where there is none."""
    station = inventory.station(seed_id, time_ns)
    if station is None:
        message = f"station {'.'.join(seed_id[:3])} is not in the station metadata at the time of the event"
        raise WaveformError("no_station", message)
    return station


def _onset(event: Event, pick: Pick | None, distance_deg: float) -> Onset:
    """Take the analyst's pick, else the model's first P."""
    if pick is not None:
        return Onset(pick.time_ns, "manual")
    if event.depth_km is None:
        message = f"no P pick, and event {event.event_id} has no depth to model one from"
        raise WaveformError("no_onset", message)
    travel_time_s = p_travel_time_s(event.depth_km, distance_deg)
    if travel_time_s is None or event.origin_ns is None:
        raise WaveformError("no_onset", f"no P pick, and no first P at {distance_deg:.1f} degrees")
    return Onset(event.origin_ns + round(travel_time_s * NANOSECONDS_PER_S), "model")


def path_columns(event: Event, station: Epoch) -> dict[str, Any]:
    """Return distances and back-azimuth; the hypocentral distance neglects elevation and curvature.

    Args:
        event: Event with coordinates.
        station: Station.

    Returns:
        Metadata columns, and the epicentral distance in degrees.

    Raises:
        WaveformError: ``no_onset``, the station is too far away for a first P.
    """
    ends = (event.latitude_deg, event.longitude_deg, station.latitude_deg, station.longitude_deg)
    distance_deg = float(locations2degrees(*ends))
    if distance_deg > FARTHEST_DEG:
        raise WaveformError("no_onset", f"no first P at {distance_deg:.1f} degrees")
    distance_m, _, back_azimuth_deg = gps2dist_azimuth(*ends)
    distance_km = distance_m / 1000.0
    return {
        "distance_deg": distance_deg,
        "path_ep_distance_km": distance_km,
        "path_hyp_distance_km": None if event.depth_km is None else math.hypot(distance_km, event.depth_km),
        "path_back_azimuth_deg": back_azimuth_deg,
    }


def source_columns(event: Event) -> dict[str, Any]:
    """Return the metadata columns of an event."""
    return {
        "source_id": event.event_id,
        "source_origin_time": event.origin_ns,
        "source_latitude_deg": event.latitude_deg,
        "source_longitude_deg": event.longitude_deg,
        "source_depth_km": event.depth_km,
        "source_magnitude": event.magnitude,
        "source_magnitude_type": event.magnitude_type,
    }


def _station_columns(seed_id: SeedId, station: Epoch) -> dict[str, Any]:
    return {
        "station_network_code": seed_id.network,
        "station_code": seed_id.station,
        "station_location_code": seed_id.location,
        "station_latitude_deg": station.latitude_deg,
        "station_longitude_deg": station.longitude_deg,
        "station_elevation_m": station.elevation_m,
        "trace_channel": seed_id.family,
    }


def _time_columns(window: Window, onset: Onset, s_pick: Pick | None) -> dict[str, Any]:
    """Return rates, times and arrivals; an S pick outside the window is unknown to it."""
    per_ns = window.sampling_rate_hz / NANOSECONDS_PER_S
    n_samples = window.samples.shape[1]
    s_sample = None if s_pick is None else (s_pick.time_ns - window.start_ns) * per_ns
    return {
        "trace_sampling_rate_hz": window.sampling_rate_hz,
        "trace_npts": n_samples,
        "trace_start_time": window.start_ns,
        "trace_p_arrival_sample": (onset.p_ns - window.start_ns) * per_ns,
        "trace_p_status": onset.status,
        "trace_s_arrival_sample": s_sample if s_sample is not None and 0.0 <= s_sample < n_samples else None,
        "trace_components": window.letters,
        "trace_unit": window.unit,
    }


def quality_columns(window: Window, settings: CurationSettings) -> dict[str, Any]:
    """Measure ratios, gaps and standstill of a cut window.

    Args:
        window: The window.
        settings: Components, and where P lies.

    Returns:
        Metadata columns of every component; null for those the dataset does not have.
    """
    cut = (window.samples, window.missing, window.sampling_rate_hz)
    before_p_s, length_s = settings.window.before_p_s, settings.window.length_s
    measures = {
        "snr": quality.snr_rms(*cut, before_p_s),
        "snr_legacy": quality.snr_legacy(*cut, before_p_s),
        "gap": quality.gap_fraction(window.missing),
        "gap_legacy": quality.gap_legacy(*cut, length_s),
        "flat_s": window.still.flat_s,
        "clipped_s": window.still.clipped_s,
        "start_remainder_s": window.remainder_s,
    }
    absent = set(COMPONENTS) - set(settings.components)
    columns: dict[str, Any] = {
        f"trace_{component}_{name}": None for component in absent for name in (*measures, "gap_intervals")
    }
    columns |= {
        f"trace_{component}_{name}": float(values[i])
        for name, values in measures.items()
        for i, component in enumerate(settings.components)
    }
    for component, missing in zip(settings.components, window.missing, strict=True):
        columns[f"trace_{component}_gap_intervals"] = json.dumps(gap_intervals(missing))
    return columns
