"""Where tasks run: in this process, in processes of this machine, or on the workers of a Dask cluster.

Tasks go out in their order and results come back in it, whatever runs them.

References:
    Rocklin, M. (2015), Dask: parallel computation with blocked algorithms and task scheduling, Proceedings of
    the 14th Python in Science Conference, 126-132, doi:10.25080/Majora-7b98e3ed-013.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from joblib import Parallel, delayed, parallel_config

from seismic_lightning.curation.settings import ParallelSettings
from seismic_lightning.errors import ConfigurationError, DatasetError

CONNECTION_TIMEOUT_S = 10


def in_order(
    function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]], n_workers: int, settings: ParallelSettings
) -> Generator[Any, None, None]:
    """Call a function for each task and yield the results in the order of the tasks.

    Args:
        function: A function that other processes can import.
        tasks: Its arguments, each.
        n_workers: Processes of this machine; a cluster that exists already has its own number.
        settings: What runs the tasks.

    Yields:
        One result per task.

    Raises:
        ConfigurationError: Dask is not installed, or no scheduler answers.
        DatasetError: A process of this machine was killed.
    """
    calls = (delayed(function)(*task) for task in tasks)
    if settings.backend == "loky":
        try:
            yield from Parallel(n_jobs=n_workers, return_as="generator")(calls)
        except BrokenProcessPool as error:
            raise DatasetError(
                f"one of n_workers={n_workers} processes was killed, most likely because memory ran out: "
                "give fewer n_workers, or the machine more memory, and curate again."
            ) from error
        return
    with _cluster(n_workers, settings.scheduler_address), parallel_config(backend="dask"):
        yield from Parallel(n_jobs=-1, return_as="generator")(calls)


@contextmanager
def _cluster(n_workers: int, address: str | None) -> Iterator[None]:
    """Connect to a scheduler, or start one with workers on this machine's loopback interface."""
    try:
        from distributed import Client, LocalCluster  # here: an extra, and slow to import
    except ImportError as error:
        raise ConfigurationError(
            "parallel=dask needs Dask: pip install 'seismic-lightning[dask]', or parallel=loky."
        ) from error
    if address is None:
        cluster = LocalCluster(
            n_workers=n_workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        )
        with cluster, Client(cluster):
            yield
        return
    try:
        client = Client(address, timeout=CONNECTION_TIMEOUT_S)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"parallel.scheduler_address={address}: no Dask scheduler answers ({error}); start one, or give "
            "null for workers on this machine."
        ) from error
    with client:
        yield
