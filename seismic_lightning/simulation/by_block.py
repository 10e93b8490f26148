"""The same work for each block of a simulation, in several processes, with news of progress."""

import functools
from collections.abc import Callable
from typing import TypeVar

from joblib import Parallel, delayed

from seismic_lightning.progress import Progress
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Simulator

T = TypeVar("T")
BLOCKS_PER_TASK = 4


def by_block(
    work: Callable[[Simulator, int], T],
    settings: SimulationSettings,
    *,
    n_workers: int = 1,
    progress: Progress | None = None,
) -> list[T]:
    """Do something with each block of a simulation.

    Args:
        work: Takes the simulator and the number of a block; a function at the top of a module, as it is sent
            to other processes.
        settings: What is simulated.
        n_workers: Processes.
        progress: Called with the number of finished records and of all records.

    Returns:
        What ``work`` returned, in the order of blocks; the same whatever the number of processes.
    """
    blocks = range(_simulator(settings).n_blocks)
    parts = [blocks[first : first + BLOCKS_PER_TASK] for first in blocks[::BLOCKS_PER_TASK]]
    tasks = (delayed(_work)(work, settings, part) for part in parts)
    done: list[T] = []
    for results in Parallel(n_jobs=n_workers, return_as="generator")(tasks):
        done += results
        if progress is not None:
            progress(round(len(done) / len(blocks) * settings.n_records), settings.n_records)
    return done


def _work(work: Callable[[Simulator, int], T], settings: SimulationSettings, blocks: range) -> list[T]:
    simulator = _simulator(settings)
    return [work(simulator, number) for number in blocks]


@functools.lru_cache(maxsize=1)
def _simulator(settings: SimulationSettings) -> Simulator:
    """Return the simulator, made once in each process."""
    return Simulator(settings)
