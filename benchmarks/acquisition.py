"""Acquisition of a large catalogue: 200,000 windows planned, entered in the ledger, read back and noted.

Memory is that of this process beyond what it has before; the ratio compares it with a tenth of the plan. The
catalogue itself is made beforehand, as any plan needs it.

Run with ``python -m benchmarks.acquisition``.
"""

import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.table import Table

from benchmarks.goal import Goal, cells, keep
from benchmarks.usage import tell_usage
from seismic_lightning.acquisition.ledger import STORED, Ledger, Outcome
from seismic_lightning.acquisition.plan import plan_windows, selected
from seismic_lightning.acquisition.settings import AcquisitionSettings, FdsnSettings, RegionSettings
from seismic_lightning.cli.console import say
from seismic_lightning.codes import COMPONENTS, SeedId
from seismic_lightning.records.catalogue import Catalogue, Event, Pick
from seismic_lightning.records.inventory import Epoch, Inventory

N_WINDOWS = 200_000
N_STATIONS = 64
PICKS_PER_EVENT = 11
FIRST_NS = 1_388_534_400_000_000_000
EVERY_NS = 1_500_000_000_000
S_NS = 1_000_000_000
FLAT = Goal(1.2, "x", at_least=False)
MB = 2**20
SETTINGS = AcquisitionSettings(
    "2014-01-01", "2026-01-01", RegionSettings(39.5, 41.8, 25.5, 31.0), FdsnSettings("KOERI", ["KO"])
)


class Figures(NamedTuple):
    """What one size of plan takes: seconds of each step, and resident memory in MB before and at most."""

    plan_s: float
    again_s: float
    note_s: float
    ledger_mb: float
    before_mb: float
    peak_mb: float


def main() -> None:
    small, large = (measured(number) for number in (N_WINDOWS // 10, N_WINDOWS))
    table = Table("step", "20,000 windows", "200,000 windows", title="plan and ledger of an acquisition")
    for name, unit in (("plan_s", "s"), ("again_s", "s"), ("note_s", "s"), ("ledger_mb", "MB")):
        table.add_row(
            name.rsplit("_", 1)[0], *(f"{getattr(figures, name):.2f} {unit}" for figures in (small, large))
        )
    table.add_row("catalogue in memory", *(f"{figures.before_mb:.0f} MB" for figures in (small, large)))
    table.add_row("most memory beyond it", *(f"{f.peak_mb - f.before_mb:.1f} MB" for f in (small, large)))
    ratio = large.peak_mb / large.before_mb
    table.add_row("with plan / catalogue alone", f"{small.peak_mb / small.before_mb:.2f}x", f"{ratio:.2f}x")
    table.add_row("goal", "", " ".join(cells(FLAT, ratio)))
    say(table)
    keep(
        "memory of an acquisition's plan", f"{large.peak_mb:.0f} MB", f"{large.before_mb:.0f} MB", ratio, FLAT
    )


def measured(n_windows: int) -> Figures:
    """Measure in a process of its own, as memory once taken is rarely given back."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (n_windows,))


def _measure(n_windows: int) -> Figures:
    wanted, inventory = selected(_catalogue(n_windows), SETTINGS), _inventory()
    before_mb = _status_mb("VmRSS")
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "ledger.sqlite") as ledger:
        start_s = time.perf_counter()
        ledger.plan("first", plan_windows(wanted, inventory, SETTINGS.fdsn))
        planned_s = time.perf_counter()
        ledger.plan("second", plan_windows(wanted, inventory, SETTINGS.fdsn))
        again_s = time.perf_counter()
        for batch in ledger.batches(20):
            ledger.note(Outcome(window.file, STORED, 1, 30_000, "0" * 64) for window in batch)
        noted_s = time.perf_counter()
        assert ledger.counts() == {STORED: n_windows}
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    return Figures(
        planned_s - start_s, again_s - planned_s, noted_s - again_s, size / MB, before_mb, _status_mb("VmHWM")
    )


def _catalogue(n_windows: int) -> Catalogue:
    events: dict[str, Event] = {}
    return Catalogue(events, list(_picks(n_windows, events)))


def _picks(n_windows: int, events: dict[str, Event]) -> Iterator[Pick]:
    for number in range(n_windows):
        index, station = divmod(number, PICKS_PER_EVENT)
        name, origin_ns = f"{index:014d}", FIRST_NS + index * EVERY_NS
        if station == 0:
            events[name] = Event(name, origin_ns, 40.7, 28.9, 8.0, 2.0, "ML")
        code = f"S{(index + station) % N_STATIONS:03d}"
        yield Pick(name, "", code, None, "", "Pg", origin_ns + (3 + station) * S_NS, "manual")


def _inventory() -> Inventory:
    return Inventory(
        Epoch(
            SeedId("KO", f"S{station:03d}", "", f"HH{letter}"),
            None,
            None,
            40.7,
            29.0,
            0.0,
            None,
            None,
            None,
            None,
        )
        for station in range(N_STATIONS)
        for letter in COMPONENTS
    )


def _status_mb(name: str) -> float:
    """Return a figure of this process's memory as the kernel counts it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    tell_usage(__doc__)
    main()
