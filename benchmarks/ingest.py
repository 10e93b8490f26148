"""Curation's ingest against an ObsPy loop that does the same work, in one process.

Both read an event file, put three components on one window around P, measure both signal-to-noise ratios and
the gap. The loop is what one would write with ObsPy's own methods; both must come to the same figures.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import obspy
from numpy.typing import NDArray
from obspy.signal.konnoohmachismoothing import konno_ohmachi_smoothing
from rich.console import Console
from rich.table import Table

from seismic_lightning.codes import COMPONENTS
from seismic_lightning.curation.layout import find_parts
from seismic_lightning.curation.measure import Candidate, measure
from seismic_lightning.curation.plan import make_plan
from seismic_lightning.curation.settings import CurationSettings
from seismic_lightning.records.catalogue import read_quakeml
from seismic_lightning.records.inventory import read_stationxml

GOAL = 4.0
ROUNDS = 5
N_EVENTS = 40
Figures = NDArray[np.float64]
"""(records, 9): legacy ratio, rms ratio and gap of Z, N and E."""


def main() -> None:
    sys.path.append(str(Path(__file__).parent.parent / "tests"))
    from support.archive import write_archive  # here: the archive that the tests use, found by the line above

    with tempfile.TemporaryDirectory() as folder:
        archive_dir = write_archive(Path(folder) / "archive", n_events=N_EVENTS, sampling_rates_hz=(100.0,))
        settings = CurationSettings()
        parts = find_parts(archive_dir)
        candidates = make_plan(archive_dir, parts, read_quakeml(parts.catalogue), settings.select).candidates
        inventory = read_stationxml(parts.stations)

        def ours() -> Figures:
            rows = [measure(candidate, archive_dir, inventory, settings).row for candidate in candidates]
            names = [
                f"trace_{letter}_{name}" for name in ("snr_legacy", "snr", "gap") for letter in COMPONENTS
            ]
            return np.array([[row[name] for name in names] for row in rows])

        def loop() -> Figures:
            return np.array([with_obspy(candidate, archive_dir, settings) for candidate in candidates])

        compare(ours, loop, len(candidates))


def compare(ours: Callable[[], Figures], loop: Callable[[], Figures], n_records: int) -> None:
    """Time both in turn, several times, and print the median of the ratios."""
    np.testing.assert_allclose(ours(), loop(), rtol=1e-6)
    seconds = np.array([[timed(loop), timed(ours)] for _ in range(ROUNDS)])
    rates = n_records / np.median(seconds, axis=0)
    ratio = float(np.median(seconds[:, 0] / seconds[:, 1]))
    table = Table(title=f"ingest, one process, {n_records} records of 3 x 7,001 samples")
    for column in ("way", "records/s", "ratio", "goal"):
        table.add_column(column, justify="left" if column == "way" else "right")
    table.add_row("ObsPy loop", f"{rates[0]:.0f}", "1.0", "")
    table.add_row("curation", f"{rates[1]:.0f}", f"{ratio:.1f}", f">= {GOAL:g}")
    Console().print(table)
    if ratio < GOAL:
        raise SystemExit(f"ingest is {ratio:.1f} times an ObsPy loop, the goal is {GOAL:g}")


def timed(work: Callable[[], Figures]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def with_obspy(candidate: Candidate, archive_dir: Path, settings: CurationSettings) -> list[float]:
    p = obspy.UTCDateTime(ns=next(pick.time_ns for pick in candidate.picks if pick.phase == "P"))
    start = p - settings.window.before_p_s
    stream = obspy.read(str(archive_dir / candidate.file), format="MSEED")
    stream.merge(fill_value=0)
    stream.trim(start, start + settings.window.length_s)
    traces = [stream.select(component=letter)[0] for letter in COMPONENTS]
    legacy = [legacy_ratio(trace, settings.window.before_p_s) for trace in traces]
    rms = [rms_ratio(trace, settings.window.before_p_s) for trace in traces]
    expected = round(settings.window.length_s * traces[0].stats.sampling_rate) + 1
    return [*legacy, *rms, *(1.0 - trace.stats.npts / expected for trace in traces)]


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
    main()
