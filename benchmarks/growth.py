"""What grows with the number of records: curation's time and memory, the dataset, the start of a training.

Each size is simulated, curated by a process of its own with two workers, and opened by another process as
``train.py`` opens it, from its arguments to the first batch, once all imports are done. An epoch of the front
(read, preprocess, transform, scale) is a timed part of the training split, extrapolated to all of it. Records
are of ``window=short``, 3 x 4,001 samples at most; both processes use one thread, and processor time is given
beside the wall clock, which other programs on the machine lengthen.

Run with ``python -m benchmarks.growth``, which takes some minutes and 2 GB of disk, or with other sizes:
``python -m benchmarks.growth 2000 20000 200000`` takes half an hour and 20 GB.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from rich.table import Table

from benchmarks.goal import Goal, cells
from benchmarks.growth_steps import N_WORKERS
from seismic_lightning.cli.console import say

SIZES = (2000, 20000)
MEMORY_GOAL = Goal(1.2, at_least=False)
"""Times the peak of the smallest size."""
START_GOAL = Goal(5.0, " s", at_least=False)
COLUMNS = (
    "records", "curation, s", "CPU-s", "coordinating, MB", "measuring, MB", "dataset, MB", "start-up, s",
    "CPU-s", "front's epoch, s",
)  # fmt: skip


class Figures(NamedTuple):
    """What was measured of one size.

    Attributes:
        n_records: Records of the dataset.
        curation_s: Wall time of its curation.
        curation_cpu_s: Processor time of all processes of it.
        coordinating_mb: Peak of the process that shares out the work.
        measuring_mb: Peak of the largest process that measures.
        dataset_mb: Size of all files.
        start_s: Wall time from the arguments of ``train.py`` to the first batch.
        start_cpu_s: Processor time of the same.
        epoch_s: Processor time of the front for all training records.
    """

    n_records: float
    curation_s: float
    curation_cpu_s: float
    coordinating_mb: float
    measuring_mb: float
    dataset_mb: float
    start_s: float
    start_cpu_s: float
    epoch_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "sizes", nargs="*", type=int, default=SIZES, help="files to simulate, one size after another"
    )
    sizes = parser.parse_args().sizes
    with tempfile.TemporaryDirectory() as folder:
        found = [measure(Path(folder) / str(n_records), n_records) for n_records in sizes]
    table = Table(*COLUMNS, title=f"growth, {N_WORKERS} processes for curation, one thread for training")
    for figures in found:
        table.add_row(*(f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}" for figure in figures))
    goals = Table("of the largest", "figure", "goal", "verdict")
    first, last = found[0], found[-1]
    for name in ("coordinating_mb", "measuring_mb"):
        ratio = getattr(last, name) / getattr(first, name)
        goals.add_row(
            f"{name.removesuffix('_mb')}, of the smallest's", f"{ratio:.2f}x", *cells(MEMORY_GOAL, ratio)
        )
    goals.add_row("start-up, CPU", f"{last.start_cpu_s:.1f} s", *cells(START_GOAL, last.start_cpu_s))
    say(table, goals)


def measure(folder: Path, n_records: int) -> Figures:
    """Simulate, curate and open one size; each step has a process of its own."""
    archive_dir, dataset_dir = folder / "archive", folder / "dataset"
    run("simulated", archive_dir, n_records)
    curated = run("curated", archive_dir, dataset_dir)
    opened = run("opened", dataset_dir, folder / "outputs")
    dataset_mb = sum(path.stat().st_size for path in dataset_dir.iterdir()) / 2**20
    return Figures(**curated, **opened, dataset_mb=dataset_mb)


def run(step: str, *arguments: object) -> dict[str, float]:
    """Call one of the functions below in a new process and return what it found."""
    command = [sys.executable, "-m", "benchmarks.growth_steps", step, *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    finished = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found: dict[str, float] = json.loads(finished.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
