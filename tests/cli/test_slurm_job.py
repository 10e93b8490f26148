"""What a process makes of SLURM's words, without one: a name for a run, and refusals before any data."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from seismic_lightning.cli.processes import words_for_all
from seismic_lightning.cli.slurm import check_job, step, was_requeued
from seismic_lightning.cli.train import main
from seismic_lightning.errors import ConfigurationError

TWO_NODES = {
    "SLURM_JOB_ID": "1234", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "2", "SLURM_NNODES": "2",
    "SLURM_NTASKS_PER_NODE": "1",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*TWO_NODES, "SLURM_JOB_NAME", "SLURM_RESTART_COUNT"):
        monkeypatch.delenv(name, raising=False)


def be_in(monkeypatch: pytest.MonkeyPatch, job: dict[str, str]) -> None:
    for name, value in job.items():
        monkeypatch.setenv(name, value)


def test_all_tasks_of_a_step_name_the_run_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert step() is None
    assert words_for_all([]) == []
    be_in(monkeypatch, TWO_NODES)
    assert step() == "1234.0"
    assert words_for_all([]) == ["hydra.run.dir=${output_dir}/${task}/slurm-1234-0"]
    assert not was_requeued()
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    assert was_requeued()
    monkeypatch.setenv("SLURM_JOB_NAME", "interactive")
    assert step() is None
    assert not was_requeued()


@pytest.mark.parametrize(
    ("job", "num_nodes", "devices", "message"),
    [
        ({}, 1, "auto", "trainer=slurm finds no SLURM job"),
        ({"SLURM_JOB_ID": "1234"}, 1, "auto", "runs srun python train.py"),
        (TWO_NODES, 1, 1, "has 2 nodes and the trainer 1"),
        (TWO_NODES, 2, 4, "devices=4 on 2 nodes need 8 tasks and the job has 2: say --ntasks-per-node=4"),
        ({k: v for k, v in TWO_NODES.items() if "PER" not in k}, 2, 1, "say --ntasks-per-node in place"),
    ],
)
def test_a_trainer_that_does_not_fit_the_job_is_refused(
    job: dict[str, str],
    num_nodes: int,
    devices: int | str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    be_in(monkeypatch, job)
    config = OmegaConf.create({"num_nodes": num_nodes, "devices": devices})
    with pytest.raises(ConfigurationError, match=message):
        check_job(config, "slurm")


def test_a_job_of_a_sweep_has_one_task(monkeypatch: pytest.MonkeyPatch) -> None:
    config = OmegaConf.create({"num_nodes": 2, "devices": 1})
    be_in(monkeypatch, TWO_NODES)
    with pytest.raises(ConfigurationError, match=r"sweep has 2 tasks .* set hydra.launcher.tasks_per_node=1"):
        check_job(config, "slurm", in_sweep=True)
    be_in(monkeypatch, {**TWO_NODES, "SLURM_NTASKS": "1", "SLURM_NNODES": "1"})
    check_job(OmegaConf.create({"num_nodes": 1, "devices": 1}), "slurm", in_sweep=True)


def test_a_trainer_that_fits_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = OmegaConf.create({"num_nodes": 1, "devices": "auto"})
    check_job(alone, "cpu")
    be_in(monkeypatch, TWO_NODES)
    check_job(OmegaConf.create({"num_nodes": 2, "devices": 1}), "slurm")


def test_a_training_outside_a_job_ends_before_any_data_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["train.py", "trainer=slurm", "data=dataset", f"dataset_dir={tmp_path}/absent"]
    monkeypatch.setattr("sys.argv", [*words, f"output_dir={tmp_path}"])
    with pytest.raises(SystemExit, match="trainer=slurm finds no SLURM job") as stopped:
        main()
    assert "\n" not in str(stopped.value.code)
