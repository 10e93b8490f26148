"""Curation's ingest against an ObsPy loop that does the same work, in one process.

Both read an event file, check its headers against its name, put three components on one window around P,
measure both signal-to-noise ratios, the gap and the longest stretch of equal samples, and add the samples to
a SHA-256. The loop is what one would write with ObsPy's own methods; both must come to the same figures and
to the same checksum.

Run with ``python -m benchmarks.ingest``.
"""

import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import obspy
from numpy.typing import NDArray
from obspy.core import event as quakeml
from obspy.core import inventory as stationxml
from obspy.signal.konnoohmachismoothing import konno_ohmachi_smoothing
from rich.table import Table

from benchmarks import synthetic
from benchmarks.goal import Goal, cells, keep
from benchmarks.usage import tell_usage
from seismic_lightning.cli.console import say
from seismic_lightning.codes import COMPONENTS
from seismic_lightning.curation.layout import CATALOGUE, STATIONS, WAVEFORMS, find_parts
from seismic_lightning.curation.measure import Candidate, measure
from seismic_lightning.curation.plan import make_plan
from seismic_lightning.curation.settings import CurationSettings
from seismic_lightning.records.catalogue import read_quakeml
from seismic_lightning.records.inventory import read_stationxml

GOAL = Goal(6.0)
ROUNDS = 5
N_EVENTS, RATE_HZ, LENGTH_S = 120, 100.0, 90.0
LATITUDE_DEG, LONGITUDE_DEG = 40.5, 28.9
FIRST_P = obspy.UTCDateTime(2024, 1, 1)
MEASURES = ("snr_legacy", "snr", "gap", "flat_s")
Figures = NDArray[np.float64]
"""(records, 12): legacy ratio, rms ratio, gap and stretch of equal samples of Z, N and E."""
Ingested = tuple[Figures, str]
"""Figures and the SHA-256 of all samples."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive_dir = Path(folder)
        write_archive(archive_dir)
        settings = CurationSettings()
        parts = find_parts(archive_dir)
        candidates = make_plan(parts, read_quakeml(archive_dir / CATALOGUE), settings).candidates
        inventory = read_stationxml(archive_dir / STATIONS)

        def ours() -> Ingested:
            names = [f"trace_{letter}_{name}" for name in MEASURES for letter in COMPONENTS]
            rows, digest = [], hashlib.sha256()
            for candidate in candidates:
                measured = measure(candidate, archive_dir, inventory, settings)
                digest.update(np.ascontiguousarray(measured.window.samples).data)
                rows.append([measured.row[name] for name in names])
            return np.array(rows), digest.hexdigest()

        def loop() -> Ingested:
            digest = hashlib.sha256()
            rows = [with_obspy(candidate, archive_dir, settings, digest.update) for candidate in candidates]
            return np.array(rows), digest.hexdigest()

        compare(ours, loop, len(candidates))


def write_archive(folder: Path, seed: int = 0) -> None:
    """Write events an hour apart and 30 km from one station, each with a P pick and an event file."""
    rng = np.random.default_rng(seed)
    files = folder / WAVEFORMS / "HH"
    files.mkdir(parents=True)
    events = []
    for number in range(N_EVENTS):
        p = FIRST_P + 3600.0 * number
        events.append(_event(f"event{number}", p))
        samples = synthetic.record(rng, round(LENGTH_S * RATE_HZ) + 1, RATE_HZ)
        synthetic.write(files / f"event{number}_XX_TEST_HH.mseed", samples, RATE_HZ, p - synthetic.P_S)
    obspy.Catalog(events).write(str(folder / CATALOGUE), format="QUAKEML")
    station = stationxml.Station("TEST", LATITUDE_DEG, LONGITUDE_DEG, 100.0)
    networks = [stationxml.Network("XX", stations=[station])]
    obspy.Inventory(networks, source="made for a benchmark").write(str(folder / STATIONS), "STATIONXML")


def _event(name: str, p: obspy.UTCDateTime) -> quakeml.Event:
    """Describe one earthquake that is picked at the station."""
    origin = quakeml.Origin(time=p - 5.0, latitude=LATITUDE_DEG + 0.27, longitude=LONGITUDE_DEG, depth=5e3)
    channel = quakeml.WaveformStreamID("XX", "TEST", channel_code="HHZ")
    return quakeml.Event(
        resource_id=quakeml.ResourceIdentifier(f"smi:local/event/{name}"),
        origins=[origin],
        magnitudes=[quakeml.Magnitude(mag=3.0, magnitude_type="ML")],
        picks=[quakeml.Pick(time=p, waveform_id=channel, phase_hint="P", evaluation_mode="manual")],
    )


def compare(ours: Callable[[], Ingested], loop: Callable[[], Ingested], n_records: int) -> None:
    """Time both in turn, several times, and print the median of the ratios."""
    (figures, checksum), (expected, reference) = ours(), loop()
    np.testing.assert_allclose(figures, expected, rtol=1e-6)
    if checksum != reference:
        raise AssertionError("curation and the loop do not have the same samples")
    seconds = np.array([[timed(loop), timed(ours)] for _ in range(ROUNDS)])
    rates = n_records / np.median(seconds, axis=0)
    ratio = float(np.median(seconds[:, 0] / seconds[:, 1]))
    table = Table(
        "way",
        "records/s",
        "ratio",
        "goal",
        "verdict",
        title=f"ingest, one process, {n_records} files of 3 x {round(LENGTH_S * RATE_HZ) + 1:,} samples",
    )
    table.add_row("ObsPy loop", f"{rates[0]:.0f}", "1.0", *cells(None, 1.0))
    table.add_row("curation", f"{rates[1]:.0f}", f"{ratio:.1f}", *cells(GOAL, ratio))
    say(table)
    keep("ingest, against an ObsPy loop", f"{rates[1]:.0f} /s", f"{rates[0]:.0f} /s", ratio, GOAL)


def timed(work: Callable[[], Ingested]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def with_obspy(
    candidate: Candidate,
    archive_dir: Path,
    settings: CurationSettings,
    keep: Callable[[memoryview], None],
) -> list[float]:
    p = obspy.UTCDateTime(ns=next(pick.time_ns for pick in candidate.picks if pick.phase == "P"))
    start = p - settings.window.before_p_s
    stream = obspy.read(str(archive_dir / candidate.file), format="MSEED")
    _, *codes, family = Path(candidate.file).stem.split("_")
    if any([trace.stats.network, trace.stats.station] != codes for trace in stream):
        raise ValueError(f"{candidate.file}: the headers name another station")
    if any(trace.stats.channel[:2] != family for trace in stream):
        raise ValueError(f"{candidate.file}: the headers name another family")
    stream.merge(fill_value=0)
    stream.trim(start, start + settings.window.length_s)
    traces = [stream.select(component=letter)[0] for letter in COMPONENTS]
    keep(np.stack([trace.data for trace in traces]).data)
    legacy = [legacy_ratio(trace, settings.window.before_p_s) for trace in traces]
    rms = [rms_ratio(trace, settings.window.before_p_s) for trace in traces]
    expected = round(settings.window.length_s * traces[0].stats.sampling_rate) + 1
    gaps = [1.0 - trace.stats.npts / expected for trace in traces]
    return [*legacy, *rms, *gaps, *(flat_s(trace) for trace in traces)]


def flat_s(trace: obspy.Trace) -> float:
    """Return the longest stretch of equal samples, seconds."""
    changes = np.flatnonzero(np.diff(trace.data, prepend=trace.data[0] - 1, append=trace.data[-1] - 1))
    return float((np.diff(changes).max() - 1) * trace.stats.delta)


def legacy_ratio(trace: obspy.Trace, before_p_s: float) -> float:
    rate_hz = trace.stats.sampling_rate
    onset, length = round(before_p_s * rate_hz), round(rate_hz)
    frequency_hz = np.fft.rfftfreq(length, trace.stats.delta)
    noise, signal = (
        konno_ohmachi_smoothing(np.abs(np.fft.rfft(part)), frequency_hz, bandwidth=20)
        for part in (trace.data[onset - length : onset], trace.data[onset : onset + length])
    )
    band = (frequency_hz >= 2.0) & (frequency_hz <= 15.0)
    return float(np.mean(signal[band] / (noise[band] + 1e-20)))


def rms_ratio(trace: obspy.Trace, before_p_s: float) -> float:
    rate_hz = trace.stats.sampling_rate
    work = trace.copy().detrend("demean").detrend("linear")
    work.filter("bandpass", freqmin=2.0, freqmax=min(15.0, 0.4 * rate_hz), corners=4)
    noise = work.data[round((before_p_s - 5.0) * rate_hz) : round((before_p_s - 0.5) * rate_hz)]
    signal = work.data[round(before_p_s * rate_hz) : round((before_p_s + 5.0) * rate_hz)]
    return float(np.sqrt(np.mean(signal**2) / np.mean(noise**2)))


if __name__ == "__main__":
    tell_usage(__doc__)
    main()
