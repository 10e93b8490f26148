"""A sweep keeps its numbers, does nothing twice, and says in the end what failed."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from support.fake_training import ledger, main

from seismic_lightning.cli.outcome import LOCK, read_outcome, state_of
from seismic_lightning.errors import SweepError

UNREACHABLE = "Unable to contact slurm controller"
FAKE = Path(__file__).parents[1] / "support" / "fake_training.py"
RunCommand = Callable[..., None]
Sweep = Callable[..., Path]


@pytest.fixture
def sweep(tmp_path: Path, run_command: RunCommand) -> Sweep:
    """Return a function that sweeps fake trainings into one folder, and returns the folder."""

    def run(*overrides: str) -> Path:
        run_command(main, "-m", *places(tmp_path), *overrides)
        return tmp_path / "sweep"

    return run


def jobs_of(root: Path) -> list[str]:
    return [line[0] for line in ledger(root)]


def test_a_failed_job_stops_no_other_and_alone_is_tried_again(
    sweep: Sweep, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fail_2").touch()
    with pytest.raises(
        SystemExit, match=r"1 of 3 jobs .* The first error: RuntimeError: beta 2 is not to be"
    ):
        sweep("beta=1,2,3")
    assert jobs_of(tmp_path) == ["0", "2"]
    said = capsys.readouterr().out
    assert "2 finished, 1 failed of 3" in said
    assert "beta=2" in said
    (tmp_path / "fail_2").unlink()
    folder = sweep("beta=1,2,3", "resume=true")
    assert jobs_of(tmp_path) == ["0", "2", "1"]
    assert [state_of(folder / name) for name in "012"] == ["finished"] * 3
    sweep("beta=1,2,3", "resume=true")
    assert len(ledger(tmp_path)) == 3


def test_a_sweep_stops_at_the_first_failure_when_told_to(sweep: Sweep, tmp_path: Path) -> None:
    (tmp_path / "fail_2").touch()
    with pytest.raises(SystemExit, match="3 of 4 jobs"):
        sweep("beta=1,2,3,4", "on_failure=stop")
    folder = tmp_path / "sweep"
    assert [state_of(folder / name) for name in "0123"] == ["finished", "failed", "not run", "not run"]
    (tmp_path / "fail_2").unlink()
    sweep("beta=1,2,3,4", "on_failure=stop", "resume=true")
    assert sorted(jobs_of(tmp_path)) == ["0", "1", "2", "3"]


def test_an_interrupted_job_goes_on_from_its_last_checkpoint(sweep: Sweep, tmp_path: Path) -> None:
    (tmp_path / "fail_2").touch()
    with pytest.raises(SystemExit, match="1 of 2 jobs"):
        sweep("beta=1,2")
    last = tmp_path / "sweep" / "1" / "checkpoints" / "last.ckpt"
    last.parent.mkdir()
    last.touch()
    (tmp_path / "fail_2").unlink()
    sweep("beta=1,2", "resume=true")
    assert ledger(tmp_path) == [["0", "1", "0", "None"], ["1", "2", "0", "last"]]


def test_resume_finds_the_sweep_of_the_same_settings_by_itself(
    tmp_path: Path, run_command: RunCommand
) -> None:
    for betas in ("1,2", "3,4"):
        run_command(main, "-m", f"output_dir={tmp_path}", f"beta={betas}")
    run_command(main, "-m", f"output_dir={tmp_path}", "beta=1,2", "resume=true", "on_failure=stop")
    assert len(list((tmp_path / "sweeps").glob("*/sweep.json"))) == 2
    assert len(ledger(tmp_path)) == 4
    with pytest.raises(SystemExit, match=r"none of 2 sweeps below .*/sweeps has these settings"):
        run_command(main, "-m", f"output_dir={tmp_path}", "beta=1,5", "resume=true")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the root of a sweep over beta=1,2 that is done."""
    root = tmp_path_factory.mktemp("swept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["command", "-m", *places(root), "beta=1,2"])
        main()
    return root


def places(root: Path) -> tuple[str, str]:
    return f"output_dir={root}", f"hydra.sweep.dir={root}/sweep"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("beta=1,2",), "holds this sweep already: add resume=true"),
        (("beta=1,3", "resume=true"), "holds another sweep: there beta=1,2, here beta=1,3"),
        (("beta=1,3",), "holds another sweep"),
        (("on_failure=continue", "beta=1,2", "resume=true", "seed=0"), "there no more, here seed=0"),
        (("beta=1,2", "seed=1", "resume=true"), "here seed=1"),
        (("beta=1,2", "resume=true", "on_failure=never"), "on_failure=never: choose one of continue, stop"),
        (
            ("beta=1,2", "resume=true", "hydra/launcher=joblib", "+hydra.launcher.jobs=2"),
            "launcher.jobs is no",
        ),
        (
            ("beta=1,2", "resume=true", "hydra/launcher=joblib", "hydra.launcher.jobs=2"),
            "launcher.jobs' is not",
        ),
        (("beta=1,2", "resume=true", "hydra/launcher=jobli"), "did you mean 'joblib'"),
        (("beta=1,interval(1,2)", "resume=true"), "interval"),
    ],
)
def test_what_cannot_be_swept_is_one_line_before_any_job(
    overrides: tuple[str, ...], message: str, swept: Path, run_command: RunCommand
) -> None:
    with pytest.raises(SystemExit, match=message) as stopped:
        run_command(main, "-m", *places(swept), *overrides)
    assert "\n" not in str(stopped.value.code)
    assert len(ledger(swept)) == 2


@pytest.mark.parametrize(
    ("programs", "message"),
    [
        ({}, "Could not detect .*srun"),
        ({"srun": "exit 1", "sbatch": f"echo {UNREACHABLE} >&2; exit 1"}, UNREACHABLE),
        ({"srun": "exit 1", "sbatch": "echo welcome"}, "sbatch output .*welcome"),
    ],
    ids=["no SLURM", "no controller", "another sbatch"],
)
def test_an_unreachable_scheduler_is_one_line_before_any_job(
    programs: dict[str, str], message: str, sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    for name, body in programs.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin")
    with pytest.raises(SystemExit, match=f"hydra/launcher=slurm cannot launch: .*{message}") as stopped:
        sweep("beta=1,2", "hydra/launcher=slurm")
    assert "\n" not in str(stopped.value.code)
    assert ledger(tmp_path) == []


def test_a_folder_in_use_or_damaged_is_refused(sweep: Sweep, tmp_path: Path) -> None:
    folder = sweep("beta=1,2")
    with FileLock(folder / LOCK), pytest.raises(SystemExit, match="is being swept by another process"):
        sweep("beta=1,2", "resume=true")
    (folder / "1" / "outcome.json").write_text('{"state": "fini')
    with pytest.raises(SystemExit, match=r"1/outcome\.json is damaged"):
        sweep("beta=1,2", "resume=true")
    (folder / "sweep.json").write_text("[]")
    with pytest.raises(SystemExit, match=r"sweep\.json is damaged"):
        sweep("beta=1,2", "resume=true")
    assert len(ledger(tmp_path)) == 2


def test_the_state_of_a_run_is_told_by_its_lock(tmp_path: Path) -> None:
    assert state_of(tmp_path) == "not run"
    (tmp_path / "started.json").touch()
    assert state_of(tmp_path) == "killed"
    with FileLock(tmp_path / LOCK):
        assert state_of(tmp_path) == "running"
    (tmp_path / "outcome.json").write_text("{}")
    with pytest.raises(SweepError, match=r"outcome\.json is damaged"):
        read_outcome(tmp_path)


@pytest.mark.parametrize(
    "launcher",
    [
        ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2"),
        ("hydra/launcher=submitit_local", "hydra.launcher.timeout_min=2"),
    ],
    ids=["joblib", "submitit"],
)
def test_launchers_of_processes_keep_one_folder_and_list_failures(
    launcher: tuple[str, ...], sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    (tmp_path / "fail_2").touch()
    with pytest.raises(SystemExit, match=r"1 of 3 jobs .* beta 2 is not to be"):
        sweep("beta=1,2,3", *launcher)
    (tmp_path / "fail_2").unlink()
    folder = sweep("beta=1,2,3", "resume=true", *launcher)
    assert sorted(jobs_of(tmp_path)) == ["0", "1", "2"]
    assert sorted(path.parent.name for path in folder.glob("*/outcome.json")) == ["0", "1", "2"]


def test_a_lost_worker_is_one_killed_job(
    sweep: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    (tmp_path / "die_1").touch()
    launcher = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    with pytest.raises(SystemExit, match=r"[12] of 4 jobs .* killed from outside"):
        sweep("beta=1,2,3,4", *launcher)
    (tmp_path / "die_1").unlink()
    sweep("beta=1,2,3,4", "resume=true", *launcher)
    assert sorted(jobs_of(tmp_path)) == ["0", "1", "2", "3"]
