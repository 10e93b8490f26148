"""Read from the folders of trainings what each was and what it came to."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from seismic_lightning.cli.outcome import FINISHED, read_outcome, state_of
from seismic_lightning.cli.sweep_folder import OF_NO_JOB, name_of
from seismic_lightning.errors import SweepError

NO_DIFFERENCE = ("seed", "ckpt_path", *OF_NO_JOB)
"""Settings in which runs may differ and still be repetitions of each other."""


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        folder: Below the folder that was looked through.
        state: ``finished``, ``failed``, ``pruned``, ``running``, ``killed`` or ``not run``.
        overrides: What was typed, or given by the sweep, without the seed.
        seed: Its seed.
        recipe: Equal for runs that differ in their seed alone.
        commit: Of the code; with ``+`` where it was modified.
        monitor: Name of the metric that decided which checkpoint is best.
        score: Its best value.
        metrics: Metrics of the test split.
        duration_s: Wall time of the process that ended the run.
        best_checkpoint: The file.
        error: Why the run failed or was pruned.
    """

    folder: str
    state: str
    overrides: list[str]
    seed: int
    recipe: str
    commit: str = ""
    monitor: str = ""
    score: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    duration_s: float | None = None
    best_checkpoint: str = ""
    error: str = ""


def find_runs(root: Path) -> list[Run]:
    """Return every training below a folder, in the order of folders and of job numbers.

    Args:
        root: Folder of a sweep, or any above.

    Raises:
        SweepError: A file that a run left is damaged.
    """
    configs = sorted(root.glob("**/.hydra/config.yaml"), key=lambda path: _natural(path.parent.parent))
    read = ((path.parent.parent, _read_yaml(path)) for path in configs)
    return [
        _run(root, run_dir, config)
        for run_dir, config in read
        if isinstance(config, dict) and config.get("task") == "train"
    ]


def _run(root: Path, run_dir: Path, config: dict[str, Any]) -> Run:
    typed = [str(word) for word in _read_yaml(run_dir / ".hydra" / "overrides.yaml") or []]
    commit = _commit(run_dir / "run.json")
    settings = {name: value for name, value in config.items() if name not in NO_DIFFERENCE}
    settings.pop("output_dir", None)
    outcome = read_outcome(run_dir)
    result = outcome.result if outcome else None
    return Run(
        folder=str(run_dir.relative_to(root)),
        state=state_of(run_dir),
        overrides=[word for word in typed if name_of(word) not in NO_DIFFERENCE],
        seed=int(config.get("seed", 0)),
        recipe=json.dumps([settings, commit], sort_keys=True, default=str),
        commit=commit,
        monitor=result.monitor if result else str(config.get("monitor", "")),
        score=result.score if result else None,
        metrics=result.metrics if result else {},
        duration_s=outcome.duration_s if outcome else None,
        best_checkpoint=(result.best_checkpoint or "") if result else "",
        error=(outcome.error or "") if outcome and outcome.state != FINISHED else "",
    )


def _commit(path: Path) -> str:
    try:
        state = json.loads(path.read_bytes())["git"]
    except FileNotFoundError:
        return ""
    except (ValueError, KeyError, TypeError) as error:
        raise SweepError(f"{path} is damaged ({error}); remove it, or the run's folder.") from error
    return "" if state is None else str(state["commit"])[:9] + ("+" if state["modified"] else "")


def _read_yaml(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where it was compiled
    try:
        return yaml.load(path.read_bytes(), Loader=loader)
    except FileNotFoundError:
        return None
    except yaml.YAMLError as error:
        raise SweepError(f"{path} is damaged: {' '.join(str(error).split())}") from error


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Order 2 before 10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in path.parts]
