"""What SLURM says about this process: which step of which job it is, among how many, and whether once more.

``srun`` starts one process for each task. All tasks of a step have one name, and a job that was queued again
has its old one: so a run has one folder, however many nodes train it and however often it is begun.
"""

import os
from typing import TYPE_CHECKING

from seismic_lightning.errors import ConfigurationError

if TYPE_CHECKING:
    from omegaconf import DictConfig

INTERACTIVE_JOBS = ("bash", "interactive")
"""Names of jobs in whose one step a person starts many commands; Lightning knows them by the same names."""


def step() -> str | None:
    """Return job and step that ``srun`` started, such as ``1234.0``; None for any other process."""
    names = ("SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_NTASKS")
    if any(name not in os.environ for name in names):
        return None
    if os.environ.get("SLURM_JOB_NAME") in INTERACTIVE_JOBS:
        return None
    return f"{os.environ['SLURM_JOB_ID']}.{os.environ['SLURM_STEP_ID']}"


def was_requeued() -> bool:
    """Tell whether this is a step of a job that SLURM runs again."""
    return step() is not None and os.environ.get("SLURM_RESTART_COUNT", "0") != "0"


def check_job(config: "DictConfig", trainer: str, *, in_sweep: bool = False) -> None:
    """Refuse a trainer that does not fit the job it runs in, before any data is read.

    Args:
        config: The composed configuration.
        trainer: The chosen option of ``trainer``.
        in_sweep: Whether the process trains one job of a sweep.

    Raises:
        ConfigurationError: Says what to change in the command or in the job.
    """
    if step() is None:
        if trainer == "slurm":
            raise ConfigurationError(
                "trainer=slurm finds no SLURM job: submit a script that runs srun python train.py by sbatch, "
                "or choose another trainer."
            )
        return
    n_tasks, n_nodes = (int(os.environ.get(name, "1")) for name in ("SLURM_NTASKS", "SLURM_NNODES"))
    if in_sweep and n_tasks > 1:
        raise ConfigurationError(
            f"the job of a sweep has {n_tasks} tasks and they could not agree on what is left to do: "
            "set hydra.launcher.tasks_per_node=1 and hydra.launcher.nodes=1; a single run may have more."
        )
    if n_tasks > 1 and "SLURM_NTASKS_PER_NODE" not in os.environ:
        raise ConfigurationError(
            f"the job has {n_tasks} tasks on {n_nodes} nodes: say --ntasks-per-node in place of --ntasks."
        )
    wanted = int(config.num_nodes)
    if wanted != n_nodes:
        raise ConfigurationError(
            f"the job has {n_nodes} nodes and the trainer {wanted}: set num_nodes={n_nodes}."
        )
    if isinstance(config.devices, int) and config.devices * n_nodes != n_tasks:
        raise ConfigurationError(
            f"devices={config.devices} on {n_nodes} nodes need {config.devices * n_nodes} tasks and the job "
            f"has {n_tasks}: say --ntasks-per-node={config.devices}."
        )
