"""What ObsPy makes of miniSEED files in several processes: records a second, for comparison with a device."""

import importlib.util
import multiprocessing
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

WORKERS = 16
"""Processes that a device is compared with."""
N_FILES = 8
"""Files of each process, read again and again."""


class ObspyRate(NamedTuple):
    """Records a second.

    Attributes:
        measured: With the processes that the machine has cores for.
        n_workers: How many these were.
    """

    measured: float
    n_workers: int

    @property
    def scaled(self) -> float:
        """Return the rate of ``WORKERS`` processes, each as fast as those that were measured."""
        return self.measured * WORKERS / self.n_workers


def obspy_rate(corners_hz: list[tuple[float, float]], seconds: float = 5.0) -> ObspyRate | None:
    """Measure, with one process per core but at most ``WORKERS``.

    Args:
        corners_hz: Passbands, taken in turn.
        seconds: Time that each process works.

    Returns:
        The rate, or None without ObsPy.
    """
    if importlib.util.find_spec("obspy") is None:
        return None
    n_workers = min(WORKERS, len(os.sched_getaffinity(0)))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_workers, mp_context=context) as pool:
        one = partial(records_per_s, corners_hz, seconds)
        list(pool.map(partial(records_per_s, corners_hz, 0.0), range(n_workers)))  # imports are not measured
        return ObspyRate(sum(pool.map(one, range(n_workers))), n_workers)


def records_per_s(corners_hz: list[tuple[float, float]], seconds: float, seed: int) -> float:
    """Read, filter and transform files for some time.

    Args:
        corners_hz: Passbands, taken in turn.
        seconds: For how long; at least one file is done.
        seed: Of the records.

    Returns:
        Records a second.
    """
    import obspy
    from scipy import signal

    from benchmarks import synthetic

    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        files = [
            synthetic.write(Path(folder) / f"{number}.mseed", synthetic.record(rng, 7001, 100.0), 100.0)
            for number in range(N_FILES)
        ]
        start, done = time.perf_counter(), 0
        while done == 0 or time.perf_counter() - start < seconds:
            stream = obspy.read(files[done % N_FILES], format="MSEED")
            low_hz, high_hz = corners_hz[done % len(corners_hz)]
            stream.detrend("demean").detrend("linear").taper(0.05, "cosine")
            stream.filter("bandpass", freqmin=low_hz, freqmax=high_hz)
            np.stack([np.abs(signal.stft(trace.data, nperseg=256, noverlap=192)[2]) for trace in stream])
            done += 1
        return done / (time.perf_counter() - start)
