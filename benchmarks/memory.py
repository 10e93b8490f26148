"""Memory of curation: the peak for an archive of 20,000 records against the peak for one of 2,000.

Both archives are simulated. Each is curated by a process of its own with two workers; the peak is the largest
resident set of that process or of one of its workers.

Run with ``python -m benchmarks.memory``; it takes some minutes and 2 GB of disk.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.goal import Goal, cells
from benchmarks.usage import tell_usage
from seismic_lightning.simulation.archive import simulate_archive
from seismic_lightning.simulation.settings import SimulationSettings

GOAL = Goal(1.2, "x", at_least=False)
SIZES = (2000, 20000)
N_WORKERS = 2
PROGRAM = """
import sys
from pathlib import Path
from joblib import Parallel, delayed
from benchmarks.memory import own_peak_mb
from seismic_lightning.curation.build import curate
from seismic_lightning.curation.settings import CurationSettings
n_workers = int(sys.argv[3])
curate(Path(sys.argv[1]), Path(sys.argv[2]), CurationSettings(), n_workers=n_workers)
print(own_peak_mb(), max(Parallel(n_workers)(delayed(own_peak_mb)() for _ in range(4 * n_workers))))
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        peaks = [peak_mb(Path(name), n_records) for n_records in SIZES]
    table = Table(title="Peak memory of curation", title_justify="left")
    for heading in (
        "process",
        *(f"{n_records:,} records" for n_records in SIZES),
        "ratio",
        "goal",
        "verdict",
    ):
        table.add_column(heading, justify="right")
    for label, small, large in zip(("coordinating", "measuring"), *peaks, strict=True):
        ratio = large / small
        table.add_row(label, f"{small:.0f} MB", f"{large:.0f} MB", f"{ratio:.2f}x", *cells(GOAL, ratio))
    Console().print(table)


def peak_mb(folder: Path, n_records: int) -> tuple[float, float]:
    """Simulate and curate, and return the peaks of the coordinating process and of the largest worker."""
    archive_dir, dataset_dir = folder / f"archive_{n_records}", folder / f"dataset_{n_records}"
    simulate_archive(archive_dir, SimulationSettings(n_records=n_records), n_workers=N_WORKERS)
    arguments = [sys.executable, "-c", PROGRAM, str(archive_dir), str(dataset_dir), str(N_WORKERS)]
    finished = subprocess.run(arguments, check=True, capture_output=True, text=True)
    own, workers = finished.stdout.split()
    return float(own), float(workers)


def own_peak_mb() -> float:
    """Return the largest resident set that this process ever had.

    The figure of ``getrusage`` would include the process that this one was started from.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    tell_usage(__doc__)
    main()
