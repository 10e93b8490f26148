"""Twelve simulated records, and beside them real ones of like magnitude and distance: to be looked at.

Run with ``python -m benchmarks.records_figure PNG`` for the simulated ones, whose picture the documentation
shows. With ``python -m benchmarks.records_figure PNG BESIDE_PNG`` the second picture holds the real ones too;
``SEISMIC_REAL_DATA`` then names a folder with ``gemlik_2023``: a bulletin and continuous vertical records of
Kandilli's stations. Their licence lets them be looked at, not be published.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from seismic_lightning.records.bulletin import read_bulletin
from seismic_lightning.records.sphere import EARTH_RADIUS_KM
from seismic_lightning.records.waveform import Segment, read_segments
from seismic_lightning.simulation.block import BLOCK
from seismic_lightning.simulation.rays import BEFORE_PICK_S
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Simulator

WANTED = (
    (1.9, 70.0), (1.9, 80.0), (1.9, 92.0), (2.9, 5.0), (2.9, 29.0), (2.9, 46.0),
    (2.9, 75.0), (3.0, 106.0), (3.2, 10.0), (3.2, 31.0), (3.7, 46.0), (3.7, 80.0),
)  # fmt: skip
"""ML and epicentral distance, km: such as the real ones have."""
N_RECORDS = 4000
LENGTH_S, ALONE_S = 72.0, 30.0
"""Of a record; and how far from its P no other event is read."""
REAL = "gemlik_2023"


class Shown(NamedTuple):
    """The vertical component of one record.

    Attributes:
        magnitude: ML.
        distance_km: Epicentral distance.
        station: Station code.
        counts: Samples from ``BEFORE_PICK_S`` before P on.
        s_after_p_s: Reading of S after that of P, None where S was not read.
    """

    magnitude: float
    distance_km: float
    station: str
    counts: NDArray[np.int32]
    s_after_p_s: float | None


def main() -> None:
    real_dir = os.environ.get("SEISMIC_REAL_DATA")
    paths = [Path(word) for word in sys.argv[1:]]
    if "--help" in sys.argv or len(paths) not in (1, 2) or (len(paths) == 2 and real_dir is None):
        sys.exit("usage: [SEISMIC_REAL_DATA=FOLDER] python -m benchmarks.records_figure PNG [BESIDE_PNG]")
    simulated = simulated_records()
    draw([simulated[0::2], simulated[1::2]], paths[0], ["simulated", "simulated"])
    if len(paths) == 2:
        real = alike(simulated, list(real_records(Path(str(real_dir)) / REAL)))
        draw([simulated, real], paths[1], ["simulated", "real"])


def simulated_records() -> list[Shown]:
    """Return sound broadband records of the default archive, the nearest to what is wanted."""
    simulator = Simulator(SimulationSettings(n_records=N_RECORDS))
    records = simulator.records().join(simulator.events()["local_magnitude"], on="event")
    chosen: list[Shown] = []
    for magnitude, distance_km in WANTED:
        away = unlikeness(
            (magnitude, distance_km), records["local_magnitude"].to_numpy(), records["distance_km"].to_numpy()
        )
        away[(records["family"] != "HH").to_numpy()] = np.inf
        for place in np.argsort(away):
            block = simulator.block(int(place) // BLOCK)
            if not block.truth.artefacts[place % BLOCK]:
                break
        row = records.iloc[int(place)]
        s_s = None if pd.isna(row["s_pick_ns"]) else (row["s_pick_ns"] - row["p_pick_ns"]) / 1e9
        counts = block.counts[place % BLOCK, 0]
        chosen.append(Shown(row["local_magnitude"], row["distance_km"], row["station"], counts, s_s))
    return chosen


def real_records(folder: Path) -> Iterator[Shown]:
    """Yield every reading of the bulletin whose window was recorded and near which no other event is read.

    Args:
        folder: A bulletin ``bulletin_*.txt`` and files ``waveforms/<STA>_HHZ_*.mseed``.
    """
    segments = {
        segment.seed_id.station: segment
        for path in sorted((folder / "waveforms").glob("*_HHZ_*.mseed"))
        for segment in read_segments(path)
    }
    [path] = folder.glob("bulletin_*.txt")
    bulletin = read_bulletin(path)
    events = bulletin.events
    onsets = [(a.station, a.time_ns, event.event_id) for event in events for a in event.arrivals]
    magnitudes = {name: event.magnitude for name, event in bulletin.catalogue().events.items()}
    for event in events:
        magnitude = magnitudes[event.event_id]
        read_s = {arrival.station: arrival.time_ns for arrival in event.arrivals if arrival.phase == "Sg"}
        for arrival in event.arrivals:
            segment = segments.get(arrival.station)
            if segment is None or magnitude is None or arrival.phase != "Pg" or arrival.distance_deg is None:
                continue
            counts = window(segment, arrival.time_ns)
            others = (
                ns for station, ns, name in onsets if station == arrival.station and name != event.event_id
            )
            alone = all(abs(ns - arrival.time_ns) > ALONE_S * 1e9 for ns in others)
            if counts is None or not alone:
                continue
            s_ns = read_s.get(arrival.station)
            yield Shown(
                magnitude,
                float(np.deg2rad(arrival.distance_deg) * EARTH_RADIUS_KM),
                arrival.station,
                counts,
                None if s_ns is None else (s_ns - arrival.time_ns) / 1e9,
            )


def window(segment: Segment, p_ns: int) -> NDArray[np.int32] | None:
    """Return the samples around a reading of P, None where some were not recorded."""
    rate_hz = segment.sampling_rate_hz
    start = round(((p_ns - segment.start_ns) / 1e9 - BEFORE_PICK_S) * rate_hz)
    counts = segment.samples[max(start, 0) : start + round(LENGTH_S * rate_hz)]
    return counts if start >= 0 and counts.size == round(LENGTH_S * rate_hz) else None


def alike(wanted: Sequence[Shown], records: list[Shown]) -> list[Shown]:
    """Return for each wanted record another one of like magnitude and distance, none of them twice."""
    left, chosen = records, []
    for shown in wanted:
        magnitude, distance_km = (np.array([getattr(r, name) for r in left]) for name in Shown._fields[:2])
        best = int(np.argmin(unlikeness((shown.magnitude, shown.distance_km), magnitude, distance_km)))
        chosen.append(left[best])
        left = left[:best] + left[best + 1 :]
    return chosen


def unlikeness(
    wanted: tuple[float, float], magnitude: NDArray[np.float64], distance_km: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far records are from a magnitude and a distance, in units of a fifth."""
    return np.asarray(np.abs(magnitude - wanted[0]) + np.abs(np.log(distance_km / wanted[1]))) / 0.2


def draw(columns: Sequence[Sequence[Shown]], path: Path, titles: Sequence[str]) -> None:
    """Draw columns of records over one time axis and write the picture."""
    n_rows = len(columns[0])
    figure = Figure(figsize=(11, 1.35 * n_rows), layout="constrained")
    grid = figure.subplots(n_rows, len(columns), sharex=True, squeeze=False)
    for column, records, title in zip(grid.T, columns, titles, strict=True):
        for axes, shown in zip(column, records, strict=True):
            _panel(axes, shown, title)
        column[-1].set_xlabel("seconds after the P pick")
    for axes in grid[:, 0]:
        axes.set_ylabel("1000 counts", fontsize=7)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def _panel(axes: Axes, shown: Shown, title: str) -> None:
    rate_hz = shown.counts.size / LENGTH_S
    time_s = np.arange(shown.counts.size) / rate_hz - BEFORE_PICK_S
    axes.plot(time_s, shown.counts / 1000.0, color="black", linewidth=0.4)
    for letter, onset_s, color in (("P", 0.0, "tab:blue"), ("S", shown.s_after_p_s, "tab:red")):
        if onset_s is not None:
            axes.axvline(onset_s, color=color, linewidth=0.8)
            axes.annotate(letter, (onset_s + 0.3, 0.05), xycoords=("data", "axes fraction"), color=color)
    axes.set_xlim(time_s[0], time_s[-1])
    axes.tick_params(labelsize=7)
    label = f"{title}: ML {shown.magnitude:.1f}, {shown.distance_km:.0f} km, KO.{shown.station} HHZ"
    axes.set_title(label, fontsize=8, loc="left", pad=2)


if __name__ == "__main__":
    main()
