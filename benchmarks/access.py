"""Random access: records in random order from the store, against a plain memory map of the same shards.

Warm means that all samples are in the system's memory. Cold means that they were dropped from it before, as
for a dataset that is larger than memory; on a virtual machine the host may still hold them, and then both
ways are faster than a disk. Each round drops what it reads, and the two ways take turns.

Run with ``python -m benchmarks.access``; it takes 2 GB of disk.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.table import Table

from benchmarks.goal import Goal, cells, keep
from benchmarks.usage import tell_usage
from seismic_lightning.cli.console import say
from seismic_lightning.curation.shards import ShardWriter
from seismic_lightning.curation.store import CuratedDataset

WARM_GOAL = Goal(100_000.0, " /s")
COLD_GOAL = Goal(25.0)
N_SHARDS, RECORDS_PER_SHARD, RATE_HZ, N_SAMPLES = 10, 2048, 100.0, 7001
BATCH_SIZE, WARM_BATCHES, COLD_BATCHES, ROUNDS = 64, 64, 6, 5
WINDOW = {"before_p_s": 10.0, "length_s": 70.0}

Gather = Callable[[NDArray[np.int64]], object]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dataset = write_dataset(folder)
        rng = np.random.default_rng(0)
        warm = [_warm(dataset, rng) for _ in range(ROUNDS)]
        cold = [_cold(dataset, rng) for _ in range(ROUNDS)] if hasattr(os, "posix_fadvise") else []
    table = Table(
        "state", "memory map, records/s", "store, records/s", "ratio", "goal", "verdict",
        title=f"random access, one thread, {len(dataset):,} records of 3 x {N_SAMPLES:,} samples",
    )  # fmt: skip
    rates = BATCH_SIZE * WARM_BATCHES / np.array(warm)
    peer, ours = map(float, np.median(rates, axis=0))
    table.add_row("warm, per CPU-second", *_row(rates), *cells(WARM_GOAL, ours))
    keep("random access, warm", f"{ours:,.0f} /s", f"{peer:,.0f} /s", ours, WARM_GOAL)
    if cold:
        rates = BATCH_SIZE * COLD_BATCHES / np.array(cold)
        ratio = float(np.median(rates[:, 1] / rates[:, 0]))
        table.add_row("cold, per second", *_row(rates), *cells(COLD_GOAL, ratio))
        peer, ours = map(float, np.median(rates, axis=0))
        keep("random access, cold", f"{ours:,.0f} /s", f"{peer:,.0f} /s", ratio, COLD_GOAL)
    say(table)


def write_dataset(
    folder: Path, n_shards: int = N_SHARDS, per_shard: int = RECORDS_PER_SHARD
) -> CuratedDataset:
    """Write noise in shards of curation's size, with as much of a table as reading needs."""
    noise = np.random.default_rng(0).integers(-10_000, 10_000, (64, 3, N_SAMPLES), dtype=np.int32)
    places = []
    for number in range(N_SHARDS):
        writer = ShardWriter(folder, number)
        places += [writer.append(noise[row % 64], "counts", RATE_HZ) for row in range(RECORDS_PER_SHARD)]
        writer.close()
    table = pd.DataFrame(places).assign(trace_sampling_rate_hz=RATE_HZ)
    manifest = {"dataset_id": "", "unit": "counts", "components": "ZNE", "settings": {"window": WINDOW}}
    return CuratedDataset(folder, manifest, table)


def _warm(dataset: CuratedDataset, rng: np.random.Generator) -> tuple[float, float]:
    """Time both ways over records that a pass before has brought into memory, CPU seconds."""
    rows = rng.permutation(len(dataset))[: BATCH_SIZE * WARM_BATCHES]
    memory_map = _MemoryMap(dataset)
    for gather in (memory_map, dataset.fetch):
        _timed(gather, rows, process_time)
    return _timed(memory_map, rows, process_time), _timed(dataset.fetch, rows, process_time)


def _cold(dataset: CuratedDataset, rng: np.random.Generator) -> tuple[float, float]:
    """Time both ways over records that are not in memory, seconds."""
    rows = rng.permutation(len(dataset))[: BATCH_SIZE * COLD_BATCHES]
    dataset.release()
    _drop(dataset.root)
    mapped_s = _timed(_MemoryMap(dataset), rows, perf_counter)
    _drop(dataset.root)
    return mapped_s, _timed(dataset.fetch, rows, perf_counter)


def _timed(gather: Gather, rows: NDArray[np.int64], clock: Callable[[], float]) -> float:
    start = clock()
    for batch in rows.reshape(-1, BATCH_SIZE):
        gather(batch)
    return clock() - start


def _drop(folder: Path) -> None:
    """Drop the shards from the system's memory; what a process has mapped would stay."""
    for path in folder.glob("*.npy"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class _MemoryMap:
    """What one would write with NumPy alone."""

    def __init__(self, dataset: CuratedDataset) -> None:
        codes, names = pd.factorize(dataset.metadata["shard"])
        self._shard, self._row = codes, dataset.metadata["row"].to_numpy()
        self._maps = [np.load(dataset.root / name, mmap_mode="r") for name in names]

    def __call__(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        shards = self._shard[rows]
        samples = np.empty((len(rows), 3, N_SAMPLES), dtype=np.int32)
        for shard in np.unique(shards):
            places = np.flatnonzero(shards == shard)
            samples[places] = self._maps[shard][self._row[rows[places]]]
        return samples


def _row(rates: NDArray[np.float64]) -> tuple[str, str, str]:
    ratio = float(np.median(rates[:, 1] / rates[:, 0]))
    mapped, store = np.median(rates, axis=0)
    return f"{mapped:,.0f}", f"{store:,.0f}", f"{ratio:.1f}"


if __name__ == "__main__":
    tell_usage(__doc__)
    main()
