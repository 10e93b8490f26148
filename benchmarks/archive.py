"""Writing a simulated archive: records per second of processor time.

An archive includes catalogues, bulletins, station metadata, STEIM2 event files, the truth, and the flush to
the disk. Every round starts as a fresh process does: stations and earthquakes are drawn anew. Waiting for the
disk costs no processor time and is shown by the wall clock's figure beside it.

Run with ``python -m benchmarks.archive``.
"""

import tempfile
import time
from pathlib import Path

from rich.table import Table

from benchmarks.goal import Goal, cells, keep
from benchmarks.usage import tell_usage
from seismic_lightning.cli.console import say
from seismic_lightning.simulation.archive import simulate_archive
from seismic_lightning.simulation.event_files import prepared
from seismic_lightning.simulation.settings import SimulationSettings

GOAL = Goal(150.0, " /s")
ROUNDS, N_RECORDS = 5, 960


def main() -> None:
    round_s()  # the first one imports what writes
    cpu_s, wall_s = (min(seconds) for seconds in zip(*(round_s() for _ in range(ROUNDS)), strict=True))
    table = Table(
        "what", "records per CPU-second", "per second", "goal", "verdict",
        title=f"simulated archive, one process, {N_RECORDS} records of 3 x 7,200 samples, best of {ROUNDS}",
    )  # fmt: skip
    rate = N_RECORDS / cpu_s
    table.add_row("a whole archive", f"{rate:.0f}", f"{N_RECORDS / wall_s:.0f}", *cells(GOAL, rate))
    say(table)
    keep("a simulated archive, per CPU-second", f"{rate:.0f} /s", "", rate, GOAL)


def round_s() -> tuple[float, float]:
    """Return the processor time and the wall-clock time of one archive, seconds."""
    prepared.cache_clear()
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time(), time.perf_counter()
        simulate_archive(Path(folder) / "archive", SimulationSettings(n_records=N_RECORDS))
        return time.process_time() - start[0], time.perf_counter() - start[1]


if __name__ == "__main__":
    tell_usage(__doc__)
    main()
