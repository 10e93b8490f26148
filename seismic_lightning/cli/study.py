"""The database of a search: an Optuna study in one SQLite file, shared by the sweep and by its jobs.

Optuna is imported inside functions: a training that is no trial never needs it.
"""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hydra.core.override_parser.types import Override, ValueType

from seismic_lightning.errors import ConfigurationError, SweepError
from seismic_lightning.storage import write_atomically

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution

DATABASE, TRIAL, STUDY_NAME = "study.db", "trial.json", "search"
BUSY_S = 60.0
"""Longest wait for another job's turn at the database."""


@dataclass(frozen=True)
class Trial:
    """What a job needs to report as a trial; kept in its folder as ``trial.json``.

    Attributes:
        database: The SQLite file.
        trial_id: The study's own number of the trial.
        n_startup_trials: Trials that are never pruned.
        n_warmup_epochs: Epochs of each trial that are never pruned.
    """

    database: str
    trial_id: int
    n_startup_trials: int
    n_warmup_epochs: int


def check_database(path: Path, is_expected: bool) -> None:
    """Refuse a damaged database before any time is spent.

    Args:
        path: The SQLite file.
        is_expected: Whether the folder holds jobs that the database must know.

    Raises:
        SweepError: Naming the file and what to do.
    """
    remedy = "name another folder by hydra.sweep.dir; what its jobs came to is in their folders."
    if not path.is_file():
        if is_expected:
            raise SweepError(f"{path} is gone, and the search cannot go on without it: {remedy}")
        return
    try:
        connection = sqlite3.connect(path, timeout=BUSY_S)
        try:
            found = str(connection.execute("PRAGMA quick_check").fetchone()[0])
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        found, tables = str(error), set()
    if found == "ok" and tables and "trials" not in tables:
        found = "it holds no study"
    if found != "ok":
        raise SweepError(f"{path} is no sound database of a search ({found}): {remedy}")


def open_study(path: Path, direction: Literal["minimize", "maximize"] = "minimize") -> "Study":
    """Open the study of a file, or begin it.

    Args:
        path: The SQLite file.
        direction: ``minimize`` or ``maximize``; kept from the first time on.

    Raises:
        SweepError: Optuna is not installed, or cannot read the file.
    """
    try:
        import optuna
    except ImportError as error:
        raise SweepError("a search needs Optuna: pip install 'seismic-lightning[sweeps]'.") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage = optuna.storages.RDBStorage(
            f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": BUSY_S}}
        )
        return optuna.create_study(
            storage=storage, study_name=STUDY_NAME, direction=direction, load_if_exists=True
        )
    except Exception as error:  # of SQLAlchemy, Alembic or Optuna, as the damage is
        raise SweepError(f"{path} cannot be read as a study: {' '.join(str(error).split())[:300]}") from error


def distribution(override: Override) -> "BaseDistribution":
    """Return what a search draws a setting from: ``interval``, ``range`` or a choice, in Hydra's words.

    Args:
        override: An override that sweeps.

    Raises:
        ConfigurationError: An interval that is empty, or logarithmic from 0.
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    value, is_log = override.value(), "log" in getattr(override.value(), "tags", ())
    try:
        if override.value_type == ValueType.INTERVAL_SWEEP:
            if isinstance(value.start, int) and isinstance(value.end, int):
                return IntDistribution(value.start, value.end, log=is_log)
            return FloatDistribution(float(value.start), float(value.end), log=is_log)
        return CategoricalDistribution(list(override.sweep_string_iterator()))
    except ValueError as error:
        raise ConfigurationError(f"{override.input_line}: {error}") from error


def write_trial(run_dir: Path, trial: Trial) -> None:
    """Tell a job which trial it is.

    Args:
        run_dir: Folder of the job; made if missing.
        trial: The trial.
    """
    write_atomically(run_dir / TRIAL, json.dumps(asdict(trial)).encode())


def trial_reporter(run_dir: Path) -> Callable[[int, float], bool] | None:
    """Return the function by which a run reports as a trial; None for a run that is none.

    Args:
        run_dir: Folder of the run.

    Returns:
        Takes (epoch, value) and returns whether the trial shall end. An epoch that was reported before the
        run was killed is not reported again.
    """
    path = run_dir / TRIAL
    if not path.is_file():
        return None
    trial = Trial(**json.loads(path.read_bytes()))
    import optuna

    study = open_study(Path(trial.database))
    study.pruner = optuna.pruners.MedianPruner(trial.n_startup_trials, trial.n_warmup_epochs)
    asked: Any = optuna.trial.Trial(study, trial.trial_id)

    def report(epoch: int, value: float) -> bool:
        if epoch not in study._storage.get_trial(trial.trial_id).intermediate_values:
            asked.report(value, epoch)
        return bool(asked.should_prune())

    return report
