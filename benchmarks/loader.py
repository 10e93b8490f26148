"""A SeisBench generator in a DataLoader against the front, from stored counts to magnitudes of batches.

Both start from decoded samples, SeisBench's in its own HDF5 format, ours in the memory map of curation, and
do the same steps to each record. SeisBench's own augmentations are used where there are some (mean and trend,
filter); taper and short-time Fourier transform are ours, with everything cached that can be.

Run with ``python -m benchmarks.loader``; it needs ``pip install seisbench``, which the extra ``dev`` brings.
"""

import importlib.util
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from rich.table import Table
from scipy import signal
from torch.utils.data import DataLoader

from benchmarks.front import N_RECORDS, N_SAMPLES, RATE_HZ, Workplace, constants
from benchmarks.goal import Goal, cells, keep
from benchmarks.usage import tell_usage
from seismic_lightning.cli.console import say

GOAL = Goal(9.0, wanted=12.0)
BATCH_SIZE, ROUNDS = 32, 9
State = dict[str, Any]


class Prepared:
    """Taper, filter and transform of one record, as callables of a SeisBench generator."""

    def __init__(self, workplace: Workplace) -> None:
        """Design the filters when they are first used, as SeisBench does."""
        from seisbench import generate  # here: its import writes to the home folder

        self._filters = [
            generate.Filter(4, tuple(corners), "bandpass") for corners in workplace.corners_hz.tolist()
        ]
        self._band = workplace.band
        self._taper = constants()[2]

    def taper(self, state: State) -> None:
        """Taper both ends."""
        samples, metadata = state["X"]
        state["X"] = samples * self._taper, metadata

    def filter(self, state: State) -> None:
        """Filter by the band of the record."""
        self._filters[self._band[int(state["X"][1]["trace_place"])]](state)

    def transform(self, state: State) -> None:
        """Go over to magnitudes."""
        samples, metadata = state["X"]
        spectra = signal.stft(samples.astype(np.float32), nperseg=256, noverlap=192)[2]
        state["X"] = np.abs(spectra), metadata


def main() -> None:
    if importlib.util.find_spec("seisbench") is None:
        say("loader: not measured; it needs `pip install seisbench`")
        return
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        os.environ.setdefault("SEISBENCH_CACHE_ROOT", f"{name}/cache")
        workplace = Workplace(Path(name))
        batches = loader(workplace, Path(name) / "seisbench")
        check(workplace, batches)
        rows = workplace.order.reshape(-1, BATCH_SIZE)
        seconds = np.array(
            [[timed(batches), timed(map(workplace.by_front, rows))] for _ in range(1 + ROUNDS)][1:]
        )
    peer_us, ours_us = np.median(seconds, axis=0) / N_RECORDS * 1e6
    ratio = float(np.median(seconds[:, 0] / seconds[:, 1]))
    table = Table(
        "way", "µs/record", "ratio", "goal", "verdict", title=f"batches of {BATCH_SIZE}, one thread"
    )
    table.add_row("SeisBench generator, DataLoader", f"{peer_us:,.0f}", f"{ratio:.1f}x", *cells(GOAL, ratio))
    table.add_row("front", f"{ours_us:,.0f}", "1.0x", "", "")
    say(table)
    keep("front, against SeisBench", f"{ours_us:,.0f} µs/record", f"{peer_us:,.0f} µs/record", ratio, GOAL)


def loader(workplace: Workplace, folder: Path) -> Iterable[State]:
    """Write the records in SeisBench's format and return a DataLoader over their generator."""
    from seisbench import data, generate  # here: its import writes to the home folder

    folder.mkdir()
    with data.WaveformDataWriter(folder / "metadata.csv", folder / "waveforms.hdf5") as writer:
        writer.data_format = {"dimension_order": "CW", "component_order": "ZNE", "sampling_rate": RATE_HZ}
        for place, record in enumerate(workplace.records):
            about = {"trace_name": str(place), "trace_place": place, "trace_sampling_rate_hz": RATE_HZ}
            writer.add_trace(about, np.asarray(record))
    generator = generate.GenericGenerator(data.WaveformDataset(folder, sampling_rate=RATE_HZ))
    prepared = Prepared(workplace)
    generator.add_augmentations(
        [
            generate.ChangeDtype(np.float64),
            generate.Normalize(demean_axis=-1, detrend_axis=-1),
            prepared.taper,
            prepared.filter,
            prepared.transform,
        ]
    )
    return DataLoader(generator, batch_size=BATCH_SIZE)


def check(workplace: Workplace, batches: Iterable[State]) -> None:
    """See to it that both ways come to the same magnitudes."""
    expected = next(iter(batches))["X"]
    result = workplace.by_front(np.arange(BATCH_SIZE))
    assert result.shape[-1] == N_SAMPLES // 64 + 1
    torch.testing.assert_close(result, expected[..., : result.shape[-1]].float(), rtol=1e-3, atol=1e-2)


def timed(batches: Iterable[object]) -> float:
    """Return the processor time of a pass over all records."""
    start = process_time()
    for _ in batches:
        pass
    return process_time() - start


if __name__ == "__main__":
    tell_usage(__doc__)
    main()
