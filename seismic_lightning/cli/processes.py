"""The processes of one run: which of them speaks and writes, where they write, and how they end.

Three ways start several processes: Lightning starts the others itself, with this process's command line;
``torchrun`` and ``srun`` start all of them. Whichever it is, a run has one folder, which the first process
chooses; and no process outlives the others.
"""

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from seismic_lightning.cli import slurm
from seismic_lightning.errors import ConfigurationError

if TYPE_CHECKING:
    from lightning.pytorch import Trainer
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID")
QUIET = (
    "hydra.output_subdir=null",
    "hydra.job_logging.root.handlers=[console]",
    "~hydra.job_logging.handlers.file",
    "+hydra.job_logging.handlers.console.level=ERROR",
)
"""Settings of all processes but the first: no files, and nothing said twice."""
WAIT_S = 300.0
"""Longest wait for the first process to name the folder."""
GRACE_S = 30.0
"""Time for the other processes to end after the first one is done."""
PERIOD_S = 1.0


def is_first_process() -> bool:
    """Tell whether this is the one process of the run that writes for all."""
    return all(os.environ.get(name, "0") == "0" for name in RANKS)


def words_for_all(typed: Sequence[str]) -> list[str]:
    """Return the settings by which this process finds the folder of its run.

    Args:
        typed: The command line.

    Raises:
        ConfigurationError: Neither Lightning nor torchrun nor srun has started this process.
    """
    is_named = any(word.startswith("hydra.run.dir=") for word in typed)
    folder = [] if is_named else _folder()
    return folder if is_first_process() else [*folder, *QUIET]


def _folder() -> list[str]:
    if (step := slurm.step()) is not None:
        # the same folder after a requeue, so that the job goes on in it
        return [f"hydra.run.dir=${{output_dir}}/${{task}}/slurm-{step.replace('.', '-')}"]
    if is_first_process():
        return []
    if not _is_elastic():
        raise ConfigurationError(
            "this process is not the first of its run and was not told the run's folder: add "
            "hydra.run.dir=<folder> to the command on every node, or start it by torchrun or srun."
        )
    folder = _store().get(_key()).decode().replace("'", "\\'")
    return [f"hydra.run.dir='{folder}'"]


def announce(run_dir: Path) -> None:
    """Tell the processes that torchrun started which folder the run has.

    Args:
        run_dir: Folder of the run.
    """
    if _is_elastic():
        _store().set(_key(), str(run_dir.absolute()))


def _is_elastic() -> bool:
    return os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"


def _key() -> str:
    return f"seismic_lightning/run_dir/{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}"


def _store() -> "TCPStore":
    """Return torchrun's own store, in which its processes find each other."""
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    return TCPStore(address, port, is_master=False, timeout=timedelta(seconds=WAIT_S))


@contextmanager
def together(trainer: "Trainer") -> Iterator[None]:
    """End all processes of a run when one of them ends, and let none of them be left to the next run.

    Args:
        trainer: The trainer of the run.
    """
    from lightning.fabric.plugins.environments.lightning import LightningEnvironment
    from torch import distributed

    by_lightning = isinstance(getattr(trainer.strategy, "cluster_environment", None), LightningEnvironment)
    if by_lightning and os.environ.get("LOCAL_RANK", "0") != "0":
        _end_with_parent()
    grace_s = 0.0
    try:
        yield
        grace_s = GRACE_S
    finally:
        started: list[subprocess.Popen[bytes]] = getattr(trainer.strategy.launcher, "procs", [])
        for process in started:
            _end(process, grace_s)
        started.clear()  # Lightning watches this list, and would end the whole sweep with a job
        if distributed.is_available() and distributed.is_initialized():
            distributed.destroy_process_group()


def is_loss_of_process(error: RuntimeError) -> bool:
    """Tell whether an error says that another process did not answer."""
    from torch import distributed

    is_known = distributed.is_available() and isinstance(error, distributed.DistError)
    return is_known or "gloo" in str(error).lower()


def _end(process: "subprocess.Popen[bytes]", grace_s: float) -> None:
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_with_parent() -> None:
    """End this process soon after the one that started it is gone; a collective would wait for ever."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PERIOD_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()
