"""A job of a sweep that starts processes of its own: they must run that job, not the whole sweep again."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig
from omegaconf import read_write

from seismic_lightning.errors import ConfigurationError

if TYPE_CHECKING:
    from lightning.pytorch import Trainer

LEFT_BEHIND = ("LOCAL_RANK", "NODE_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""What Lightning sets for the processes it starts; a later run of this process would take it for its own."""


def prepare_job(trainer: "Trainer") -> None:
    """Let the further processes of a sweep's job work in the job's folder.

    Raises:
        ConfigurationError: The launcher starts jobs in ways that these processes cannot be started in.
    """
    config, environment = HydraConfig.instance().cfg, getattr(trainer.strategy, "cluster_environment", None)
    assert config is not None
    launcher = config.hydra.runtime.choices["hydra/launcher"]
    if getattr(environment, "creates_processes_externally", False):
        if "submitit" in str(config.hydra.launcher._target_):
            return
        raise ConfigurationError(
            "a sweep that srun or torchrun starts would run once in each of their processes: start it by "
            "itself, with hydra/launcher=slurm on a cluster."
        )
    if launcher != "basic":
        raise ConfigurationError(
            f"hydra/launcher={launcher} cannot train a job on {trainer.world_size} devices: use "
            "hydra/launcher=basic, which trains one job after the other, or devices=1."
        )
    with read_write(config.hydra):
        config.hydra.run.dir = str(Path(config.hydra.runtime.output_dir).absolute())


def job_command(argv: Sequence[str], overrides: Sequence[str], checkpoint: Path | None) -> list[str]:
    """Return the command line that runs one job of a sweep as a run of its own.

    Args:
        argv: Command line of the sweep.
        overrides: Those of the job.
        checkpoint: What the job goes on from.

    Example:
        >>> job_command(["train.py", "-m", "--config-dir", "mine", "beta=1,2"], ["beta=1"], None)
        ['train.py', '--config-dir', 'mine', 'beta=1', 'hydra.mode=RUN']
    """
    flags = [
        word
        for word in argv[1:]
        if word not in ("-m", "--multirun") and (word.startswith("-") or not ("=" in word or "~" in word[:1]))
    ]
    resumed = [] if checkpoint is None else [f"ckpt_path='{checkpoint.absolute()}'"]
    return [argv[0], *flags, *overrides, "hydra.mode=RUN", *resumed]


@contextmanager
def one_after_another(command: Sequence[str] | None) -> Iterator[None]:
    """Let this process run several trainings, each of which starts processes of its own.

    Args:
        command: Command line for these processes; None for the one that was typed.
    """
    argv, before = sys.argv, {name: os.environ.get(name) for name in LEFT_BEHIND}
    sys.argv = argv if command is None else list(command)
    try:
        yield
    finally:
        sys.argv = argv
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
