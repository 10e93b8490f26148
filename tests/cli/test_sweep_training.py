"""The presets sweep real trainings, and none of them judges by a loss that holds beta as a factor."""

import json
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
import yaml

from seismic_lightning.cli.help import config_folder
from seismic_lightning.cli.outcome import read_outcome
from seismic_lightning.cli.study import Trial, open_study, write_trial
from seismic_lightning.cli.train import main

PRESETS = sorted(config_folder().glob("sweep/*.yaml"))
RunCommand = Callable[..., None]


def overrides(dataset_dir: Path, folder: Path, *more: str) -> list[str]:
    return [
        "data=dataset", f"dataset_dir={dataset_dir}", f"output_dir={folder}", "trainer=cpu", "debug=fast",
        "model.channels=[4,8,8,8]", "logger=none", "~callbacks.progress_bar", *more,
    ]  # fmt: skip


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_a_preset_monitors_reconstruction_or_what_is_drawn(preset: Path) -> None:
    assert yaml.safe_load(preset.read_text())["monitor"] in ("val/reconstruction", "val/energy_distance")


@pytest.mark.parametrize(
    ("preset", "swept"), [("beta", "beta=0.5"), ("latent", "model.latent_size=8"), ("seeds", "seed=3,4")]
)
def test_a_preset_sweeps_trainings(
    preset: str, swept: str, dataset_dir: Path, tmp_path: Path, run_command: RunCommand
) -> None:
    folder = tmp_path / "sweep"
    shared = overrides(dataset_dir, tmp_path, f"sweep={preset}", swept, f"hydra.sweep.dir={folder}")
    run_command(main, *shared)
    outcomes = [read_outcome(path.parent) for path in sorted(folder.glob("*/outcome.json"))]
    assert len(outcomes) == swept.count(",") + 1
    for outcome in outcomes:
        assert outcome is not None
        assert outcome.result is not None
        assert (
            outcome.result.monitor
            == yaml.safe_load((config_folder() / f"sweep/{preset}.yaml").read_text())["monitor"]
        )
        assert outcome.result.score > 0
        assert {"test/mse", "test/skill"} <= set(outcome.result.metrics)
        assert Path(str(outcome.result.best_checkpoint)).is_file()


def test_a_training_that_falls_behind_is_pruned_and_not_failed(
    dataset_dir: Path, tmp_path: Path, run_command: RunCommand
) -> None:
    study = open_study(tmp_path / "study.db")
    for value in (0.0, 0.1):
        study.add_trial(optuna.trial.create_trial(value=value, intermediate_values={0: value}))
    write_trial(tmp_path / "run", Trial(str(tmp_path / "study.db"), study.ask()._trial_id, 2, 0))
    run_command(main, *overrides(dataset_dir, tmp_path, "model=ae", f"hydra.run.dir={tmp_path}/run"))
    outcome = read_outcome(tmp_path / "run")
    assert outcome is not None
    assert outcome.state == "pruned"
    assert "val/loss = " in str(outcome.error)
    assert set(study.trials[-1].intermediate_values) == {0}


def test_resume_without_a_sweep_is_said_to_do_nothing(
    dataset_dir: Path, tmp_path: Path, run_command: RunCommand
) -> None:
    run_command(main, *overrides(dataset_dir, tmp_path, "resume=true", f"hydra.run.dir={tmp_path}/run"))
    assert "resume=true has no effect without -m" in (tmp_path / "run" / "train.log").read_text()
    assert json.loads((tmp_path / "run" / "outcome.json").read_text())["state"] == "finished"
