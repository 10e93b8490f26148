"""Three-component records per second of processor time, made in memory by one thread.

Run with ``python -m benchmarks.simulation``.
"""

import time

from rich.table import Table

from benchmarks.goal import Goal, cells, keep
from benchmarks.usage import tell_usage
from seismic_lightning.cli.console import say
from seismic_lightning.simulation.block import BLOCK
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Simulator

GOAL = Goal(1000, " records/s")
ROUNDS, BLOCKS = 5, 40


def main() -> None:
    simulator = Simulator(SimulationSettings(n_records=BLOCKS * BLOCK))
    simulator.block(0)  # the first one plans the transforms
    best = max(records_per_s(simulator) for _ in range(ROUNDS))
    shape = simulator.block(0).counts.shape
    table = Table(
        "what",
        "records per CPU-second",
        "goal",
        "verdict",
        title=f"simulation in memory, {shape[1]} x {shape[2]:,} samples, best of {ROUNDS}",
    )
    table.add_row("blocks of sixteen, artefacts included", f"{best:,.0f}", *cells(GOAL, best))
    say(table)
    keep("simulation in memory, per CPU-second", f"{best:,.0f} /s", "", best, GOAL)


def records_per_s(simulator: Simulator) -> float:
    start = time.process_time()
    for number in range(BLOCKS):
        simulator.block(number)
    return BLOCKS * BLOCK / (time.process_time() - start)


if __name__ == "__main__":
    tell_usage(__doc__)
    main()
