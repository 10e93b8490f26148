"""Sweeps that are killed and taken up again: each job is done once, and none is lost."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.fake_training import ledger

from seismic_lightning.cli.outcome import read_outcome, state_of
from seismic_lightning.cli.study import open_study

FAKE = Path(__file__).parents[1] / "support" / "fake_training.py"


def test_jobs_killed_three_times_are_done_once_each(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    n_betas = 10 if request.config.getoption("--long") else 3
    (tmp_path / "slow_s").write_text("0.05")
    command = [
        sys.executable, str(FAKE), "-m", f"beta=range(1,{n_betas + 1})", "seed=0,1", f"output_dir={tmp_path}",
        f"hydra.sweep.dir={tmp_path}/sweep", "resume=true",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    kill_and_resume(command, environment, tmp_path / "sweep", 2 * n_betas)
    lines = ledger(tmp_path)
    assert sorted(int(line[0]) for line in lines) == list(range(2 * n_betas))
    pairs = [(str(beta), str(seed)) for beta in range(1, n_betas + 1) for seed in (0, 1)]
    assert {line[0]: (line[1], line[2]) for line in lines} == {str(i): pair for i, pair in enumerate(pairs)}


def test_jobs_that_outlive_their_sweep_are_waited_for(tmp_path: Path) -> None:
    (tmp_path / "slow_s").write_text("3")
    command = [
        sys.executable, str(FAKE), "-m", "beta=1,2", f"output_dir={tmp_path}", "resume=true",
        f"hydra.sweep.dir={tmp_path}/sweep", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 100
    while len(list(tmp_path.glob("sweep/*/started.json"))) < 2 and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert [state_of(tmp_path / "sweep" / name) for name in "01"] == ["running"] * 2
    assert subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode == 0
    assert sorted(line[0] for line in ledger(tmp_path)) == ["0", "1"]


@pytest.mark.long
def test_twenty_trainings_killed_three_times_are_done_once_each(dataset_dir: Path, tmp_path: Path) -> None:
    train = Path(__file__).parents[2] / "train.py"
    command = [
        sys.executable, str(train), "-m", "beta=0.1,0.5,1,2,4", "seed=0,1", "model=vae,cvae", "data=dataset",
        f"dataset_dir={dataset_dir}", f"output_dir={tmp_path}", f"hydra.sweep.dir={tmp_path}/sweep",
        "trainer=cpu", "model.channels=[4,8,8,8]", "data.batch_size=16", "trainer.max_epochs=3",
        "logger=none", "~callbacks.progress_bar", "resume=true",
    ]  # fmt: skip
    kill_and_resume(command, {**os.environ, "OMP_NUM_THREADS": "1"}, tmp_path / "sweep", 20)
    folders = [tmp_path / "sweep" / str(number) for number in range(20)]
    assert sorted(path.parent for path in (tmp_path / "sweep").glob("*/outcome.json")) == sorted(folders)
    for folder in folders:
        assert (folder / "train.log").read_text().count("best metric") == 1


@pytest.mark.long
def test_twenty_trials_killed_three_times_are_done_once_each(tmp_path: Path) -> None:
    (tmp_path / "slow_s").write_text("0.05")
    command = [
        sys.executable, str(FAKE), "sweep=optuna_beta", "hydra.sweeper.n_trials=20", f"output_dir={tmp_path}",
        f"hydra.sweep.dir={tmp_path}/sweep", "hydra.sweeper.prune=false", "resume=true",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    kill_and_resume(command, environment, tmp_path / "sweep", 20)
    assert sorted(int(line[0]) for line in ledger(tmp_path)) == list(range(20))
    done = [trial for trial in open_study(tmp_path / "sweep" / "study.db").trials if trial.value is not None]
    assert sorted(trial.user_attrs["job"] for trial in done) == list(range(20))
    for trial in done:
        outcome = read_outcome(tmp_path / "sweep" / str(trial.user_attrs["job"]))
        assert outcome is not None
        assert outcome.result is not None
        assert outcome.result.score == trial.value


def kill_and_resume(command: list[str], environment: dict[str, str], folder: Path, n_jobs: int) -> None:
    """Run a sweep, kill it when a sixth, a half and two thirds of it are done, and then let it finish."""
    chance = random.Random(0)
    for n_done in (n_jobs // 6, n_jobs // 2, 2 * n_jobs // 3):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 200
        while len(list(folder.glob("*/outcome.json"))) < n_done and time.monotonic() < deadline:
            assert process.poll() is None, "the sweep ended before it could be killed"
            time.sleep(0.005)
        time.sleep(chance.uniform(0.0, 0.5))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode == 0
    states = [json.loads(path.read_text())["state"] for path in folder.glob("*/outcome.json")]
    assert states == ["finished"] * n_jobs
