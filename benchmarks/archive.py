"""Simulation: records per second of processor time, in memory and written as a whole archive.

The archive includes catalogues, bulletins, station metadata, STEIM2 event files, the truth, and the flush to
the disk. Waiting for the disk costs no processor time and is shown by the wall clock's figure beside it.

Run with ``python -m benchmarks.archive``.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.goal import Goal, cells
from seismic_lightning.simulation.archive import simulate_archive
from seismic_lightning.simulation.request import Request
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Simulator

IN_MEMORY = Goal(1000.0, " /s")
WRITTEN = Goal(150.0, " /s")
ROUNDS = 5
N_RECORDS = 960


def main() -> None:
    settings = SimulationSettings(n_records=N_RECORDS)
    simulator = Simulator(settings)

    def in_memory() -> None:
        for block in range(simulator.n_blocks):
            simulator.block(block)

    def written() -> None:
        with tempfile.TemporaryDirectory() as folder:
            simulate_archive(Path(folder) / "archive", Request(settings))

    table = Table(
        "way", "records per CPU-second", "per second", "goal", "verdict",
        title=f"simulation, one process, {N_RECORDS} records of 3 x 7,200 samples, best of {ROUNDS}",
    )  # fmt: skip
    for name, work, goal in (("in memory", in_memory, IN_MEMORY), ("archive", written, WRITTEN)):
        cpu_s, wall_s = best(work)
        rate = N_RECORDS / cpu_s
        table.add_row(name, f"{rate:.0f}", f"{N_RECORDS / wall_s:.0f}", *cells(goal, rate))
    Console().print(table)


def best(work: Callable[[], None]) -> tuple[float, float]:
    """Return the least processor time and the least wall-clock time of several rounds, seconds."""
    work()
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time(), time.perf_counter()
        work()
        seconds.append((time.process_time() - start[0], time.perf_counter() - start[1]))
    cpu_s, wall_s = zip(*seconds, strict=True)
    return min(cpu_s), min(wall_s)


if __name__ == "__main__":
    main()
