"""Records to spectrograms: the front of this package against what a user would otherwise run.

Peers, each doing the same per record (demean, detrend, taper, band-pass by family and magnitude, STFT
magnitude):

* ObsPy per file: read miniSEED, ``detrend``, ``taper``, ``filter``, ``scipy.signal.stft``;
* SciPy per item: filter design, taper and time axis cached, the STFT in single precision because it is
  faster so.

They do not start from the same place. ObsPy decodes a miniSEED file for every record, every time, as a loop
over files does. The front and SciPy start from a memory map of decoded samples, which curation makes once per
archive and whose making is not part of these figures (see ``benchmarks.ingest``). The ratio to ObsPy hence
tells what curation and front save together, the ratio to SciPy what the front alone does.

A further row is the front with ``preprocess.units=velocity``, every component through one of as many
responses as a network has: its ratio says how much longer it takes than the front in counts.

Every method runs once per round, the rounds are interleaved and medians are compared, so that a slow moment
of the machine meets all alike. One thread is timed by its processor time, two by the clock: with two, the
front's threads wait for each other, so that figure says something on an otherwise idle machine only.

Run with ``python -m benchmarks.front``.
"""

import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import obspy
import torch
import yaml
from numpy.typing import NDArray
from rich.table import Table
from scipy import signal
from torch import Tensor

from benchmarks import synthetic
from benchmarks.goal import Goal, cells, keep
from benchmarks.usage import tell_usage
from seismic_lightning.cli.console import say
from seismic_lightning.records.response import frequencies_hz
from seismic_lightning.transforms.front import SpectrogramFront
from seismic_lightning.transforms.response import Instruments
from seismic_lightning.transforms.settings import PreprocessSettings, StftSettings

RATE_HZ, N_SAMPLES = 100.0, 7001
N_RECORDS, N_OBSPY_RECORDS, N_RESPONSES = 128, 16, 192
GOALS = {
    ("obspy", 1): Goal(30.0, wanted=40.0),
    ("obspy", 2): Goal(48.0, wanted=60.0),
    ("scipy", 1): Goal(1.9, wanted=2.5),
    ("scipy", 2): Goal(2.7, wanted=4.0),
}
"""How many times faster than a peer the front has to be, by number of threads of both."""

TITLE = """front: how many times faster than its peers
ObsPy decodes a miniSEED file per record;
front and SciPy start from the memory map that curation makes once"""

Method = Callable[[], Iterable[object]]


class Row(NamedTuple):
    """One line of the benchmark's table.

    Attributes:
        name: What was measured.
        threads: Threads it ran on.
        microseconds: Median time per record.
        ratio: Median of how many times longer than the front it took in the same round.
        spread: Lowest and highest ratio of all rounds.
        goal: What the ratio is asked to be; None where nothing is.
    """

    name: str
    threads: int
    microseconds: float
    ratio: float
    spread: tuple[float, float]
    goal: Goal | None


class Workplace:
    """Synthetic records as miniSEED files and as a memory map, and the three ways to their spectrograms."""

    def __init__(self, folder: Path, seed: int = 0) -> None:
        """Write the records.

        Args:
            folder: Empty folder for files and memory map.
            seed: Seed of records and bands.
        """
        rng = np.random.default_rng(seed)
        option = Path(__file__).parents[1] / "conf" / "preprocess" / "marmara.yaml"
        settings = PreprocessSettings(**yaml.safe_load(option.read_text(encoding="utf-8")))
        self.front = SpectrogramFront(settings, StftSettings())
        self.to_velocity = SpectrogramFront(
            replace(settings, units="velocity"), StftSettings(), None, _instruments()
        )
        self.instrument = rng.integers(0, N_RESPONSES, (N_RECORDS, 3))
        records = np.stack([synthetic.record(rng, N_SAMPLES, RATE_HZ) for _ in range(N_RECORDS)])
        self.band = rng.integers(0, len(self.front.preprocess.table), N_RECORDS)
        self.files = [
            synthetic.write(folder / f"{index}.mseed", record, RATE_HZ)
            for index, record in enumerate(records)
        ]
        np.save(folder / "records.npy", records)
        self.records: NDArray[np.int32] = np.load(folder / "records.npy", mmap_mode="r")
        self.order = rng.permutation(N_RECORDS)
        self.corners_hz = self.front.preprocess.table.corners_hz

    def by_front(self, rows: NDArray[np.int64]) -> Tensor:
        """Gather a batch and carry it through the front."""
        samples = torch.from_numpy(np.take(self.records, rows, axis=0))
        groups = [(RATE_HZ, torch.arange(len(rows)), samples)]
        return self.front.magnitude(self.front.waveform(groups, torch.from_numpy(self.band[rows])))

    def by_velocity(self, rows: NDArray[np.int64]) -> Tensor:
        """Gather a batch and carry it through the front with the response of each component removed."""
        samples = torch.from_numpy(np.take(self.records, rows, axis=0))
        groups = [(RATE_HZ, torch.arange(len(rows)), samples)]
        instrument = torch.from_numpy(self.instrument[rows])
        waveform = self.to_velocity.waveform(groups, torch.from_numpy(self.band[rows]), instrument)
        return self.to_velocity.magnitude(waveform)

    def by_obspy(self, index: int) -> NDArray[np.float64]:
        """Read and process one file as ObsPy's tutorial does."""
        stream = obspy.read(self.files[index], format="MSEED")
        low, high = self.corners_hz[self.band[index]]
        stream.detrend("demean").detrend("linear").taper(0.05, "cosine")
        stream.filter("bandpass", freqmin=low, freqmax=high)
        return np.stack([np.abs(signal.stft(trace.data, nperseg=256, noverlap=192)[2]) for trace in stream])

    def by_scipy(self, index: int) -> NDArray[np.float32]:
        """Process one item of the memory map with everything cached that can be."""
        time_axis, energy, taper = constants()
        samples = self.records[index].astype(np.float64)
        samples -= samples.mean(-1, keepdims=True)
        samples -= (samples @ time_axis / energy)[:, None] * time_axis
        samples *= taper
        low, high = self.corners_hz[self.band[index]]
        filtered = signal.sosfilt(_sections(low, high), samples).astype(np.float32)
        magnitude: NDArray[np.float32] = np.abs(signal.stft(filtered, nperseg=256, noverlap=192)[2])
        return magnitude


def _instruments() -> Instruments:
    """Return broadband responses that differ, as many as a network of 64 stations has channels."""
    frequency_hz = frequencies_hz(RATE_HZ)
    relative = 120j * frequency_hz * np.linspace(0.8, 1.2, N_RESPONSES)[:, None]
    return Instruments(
        np.full(N_RESPONSES, 1e9),
        np.tile(frequency_hz, (N_RESPONSES, 1)),
        1e9 * relative**2 / (relative**2 + 1.414 * relative + 1),
    )


@cache
def constants() -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """Return time axis, its energy and the cosine taper."""
    time_axis = np.linspace(-1, 1, N_SAMPLES)
    n_ramp = int(0.05 * N_SAMPLES)
    ramp = 0.5 * (1 - np.cos(np.pi * np.arange(n_ramp) / (n_ramp - 1)))
    taper = np.concatenate([ramp, np.ones(N_SAMPLES - 2 * n_ramp), ramp[::-1]])
    return time_axis, float(time_axis @ time_axis), taper


@cache
def _sections(low_hz: float, high_hz: float) -> Any:  # noqa: ANN401 - SciPy's own array type
    """Return the second-order sections of one band."""
    return signal.butter(4, [low_hz, high_hz], btype="bandpass", fs=RATE_HZ, output="sos")


def _seconds_per_record(method: Method, n_records: int, n_threads: int) -> float:
    """Time a pass over records, whose results are dropped as a training loop drops its batches."""
    clock = time.process_time if n_threads == 1 else time.perf_counter
    start = clock()
    deque(method(), maxlen=0)
    return (clock() - start) / n_records


def _measure(workplace: Workplace, n_threads: int, n_rounds: int) -> list[Row]:
    """Time all methods in interleaved rounds on a number of threads."""
    torch.set_num_threads(n_threads)
    with ThreadPoolExecutor(n_threads) as pool:
        each = map if n_threads == 1 else pool.map  # a pool of one would only add its queue
        methods: dict[str, tuple[Method, int]] = {
            "front": (lambda: map(workplace.by_front, workplace.order.reshape(-1, 64)), N_RECORDS),
            "velocity": (lambda: map(workplace.by_velocity, workplace.order.reshape(-1, 64)), N_RECORDS),
            "obspy": (lambda: each(workplace.by_obspy, workplace.order[:N_OBSPY_RECORDS]), N_OBSPY_RECORDS),
            "scipy": (lambda: each(workplace.by_scipy, workplace.order), N_RECORDS),
        }
        rounds = [
            {name: _seconds_per_record(*method, n_threads) for name, method in methods.items()}
            for _ in range(1 + n_rounds)
        ]
    # The first round fills caches.
    return [_row(name, n_threads, rounds[1:]) for name in methods]


def _row(name: str, n_threads: int, rounds: list[dict[str, float]]) -> Row:
    """Summarise one method's rounds."""
    titles = {"front": "front", "velocity": "front, units=velocity", "obspy": "ObsPy", "scipy": "SciPy"}
    ratios = [seconds[name] / seconds["front"] for seconds in rounds]
    return Row(
        name=titles[name],
        threads=n_threads,
        microseconds=float(np.median([seconds[name] for seconds in rounds])) * 1e6,
        ratio=float(np.median(ratios)),
        spread=(min(ratios), max(ratios)),
        goal=GOALS.get((name, n_threads)),
    )


def run(n_rounds: int = 15) -> list[Row]:
    """Measure on one thread and on two.

    Args:
        n_rounds: Interleaved repeats.

    Returns:
        One row per method and number of threads.
    """
    before = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        workplace = Workplace(Path(folder))
        rows = [row for n_threads in (1, 2) for row in _measure(workplace, n_threads, n_rounds)]
    torch.set_num_threads(before)
    return rows


def table(rows: list[Row]) -> Table:
    """Lay the rows out for the terminal.

    Args:
        rows: What ``run`` returned.
    """
    columns = ("method", "threads", "µs/record", "ratio", "spread", "goal", "verdict")
    layout = Table(*columns, title=TITLE)
    for row in rows:
        layout.add_row(
            row.name,
            str(row.threads),
            f"{row.microseconds:,.0f}",
            f"{row.ratio:.2f}x",
            f"{row.spread[0]:.2f}-{row.spread[1]:.2f}",
            *cells(row.goal, row.ratio),
        )
    return layout


def main() -> None:
    rows = run()
    say(table(rows))
    ours = {row.threads: f"{row.microseconds:,.0f} µs/record" for row in rows if row.name == "front"}
    for row in rows:
        if row.goal is not None:
            peer = f"{row.microseconds:,.0f} µs/record"
            keep(
                f"front, against {row.name}, {row.threads} threads",
                ours[row.threads],
                peer,
                row.ratio,
                row.goal,
            )


if __name__ == "__main__":
    tell_usage(__doc__)
    main()
