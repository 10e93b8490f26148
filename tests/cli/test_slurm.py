"""On a real SLURM of two nodes: a training over both, one that is queued again, and an array of jobs."""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from support.slurm_cluster import SlurmCluster, slurm_cluster

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(600)]

TRAIN = Path(__file__).parents[2] / "train.py"
N_EPOCHS, BATCH_SIZE = 8, 4
SMALL = ("model=vae", "model.channels=[4,8,8,8]", "logger=none", "~callbacks.progress_bar", "data=dataset")
TWO_NODES = ("trainer=slurm", "num_nodes=2")
LOOPBACK = {"MASTER_ADDR": "127.0.0.1", "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
"""The nodes of the test cluster have names that no resolver knows."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[SlurmCluster]:
    """Run a cluster whose commands find this checkout; its sockets need a short path."""
    with tempfile.TemporaryDirectory(prefix="slurm_") as folder, slurm_cluster(Path(folder)) as running:
        running.environment.update(LOOPBACK, PYTHONPATH=os.pathsep.join(sys.path))
        yield running


def training(dataset_dir: Path, root: Path) -> list[str]:
    return [
        sys.executable, str(TRAIN), *SMALL, f"dataset_dir={dataset_dir}", f"output_dir={root}", "devices=1",
        "trainer.accelerator=cpu", f"trainer.max_epochs={N_EPOCHS}", f"data.batch_size={BATCH_SIZE}",
        "trainer.log_every_n_steps=1",
    ]  # fmt: skip


def weights_sha256(run: Path) -> str:
    state = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    return hashlib.sha256(b"".join(value.numpy().tobytes() for value in state.values())).hexdigest()


def n_steps(run: Path) -> int:
    return int(torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["global_step"])


@pytest.fixture(scope="module")
def on_two_nodes(
    cluster: SlurmCluster, dataset_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """Return the folder of trainings after one by ``srun`` on two nodes, and what the command said."""
    root = tmp_path_factory.mktemp("nodes")
    done = subprocess.run(
        ["srun", "--nodes=2", "--ntasks-per-node=1", *training(dataset_dir, root), *TWO_NODES],
        env=cluster.environment, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return root / "train", done.stdout


def test_two_nodes_train_as_two_processes_do_and_write_one_folder(
    on_two_nodes: tuple[Path, str], dataset_dir: Path, tmp_path: Path
) -> None:
    folder, said = on_two_nodes
    (run,) = folder.iterdir()
    assert run.name.startswith("slurm")
    assert said.count("best metric") == 1
    local = [*training(dataset_dir, tmp_path), "trainer=ddp", "devices=2", f"hydra.run.dir={tmp_path}/run"]
    done = subprocess.run(local, env={**os.environ, **LOOPBACK}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    tested = re.compile(r"^tested .*$", re.MULTILINE)
    assert tested.findall(said) == tested.findall(done.stdout) != []
    assert weights_sha256(run) == weights_sha256(tmp_path / "run")


def test_a_job_near_its_limit_is_queued_again_and_ends_in_the_same_weights(
    cluster: SlurmCluster, on_two_nodes: tuple[Path, str], dataset_dir: Path, tmp_path: Path
) -> None:
    script = tmp_path / "job.sh"
    command = " ".join(f"'{word}'" for word in [*training(dataset_dir, tmp_path), *TWO_NODES])
    options = "--nodes=2 --ntasks-per-node=1 --time=10 --signal=USR1@120 --requeue"
    script.write_text(f"#!/bin/bash\n#SBATCH {options}\nsrun {command}\n")
    job = cluster.submit(script)
    last = f"slurm*{job}*/checkpoints/last.ckpt"
    cluster.wait("a first checkpoint", lambda: any((tmp_path / "train").glob(last)), 100)
    (run,) = (tmp_path / "train").iterdir()
    cluster.run("scancel", "--signal=USR1", job)
    cluster.wait("the job to wait again", lambda: cluster.field(job, "JobState") == "PENDING", 60)
    found = re.search(r"saved at step (\d+), queued again", (run / "train.log").read_text())
    assert found is not None
    saved = int(found[1])
    assert n_steps(run) == saved
    cluster.run("scontrol", "update", f"JobId={job}", "StartTime=now")  # SLURM's own delay is two minutes
    cluster.wait("the job to end", lambda: cluster.field(job, "JobState") == "COMPLETED", 200)
    (whole,) = on_two_nodes[0].iterdir()
    assert 0 < saved < n_steps(run) == n_steps(whole)
    assert list((tmp_path / "train").iterdir()) == [run]
    assert weights_sha256(run) == weights_sha256(whole)
    assert cluster.field(job, "Restarts") == "1"


def test_an_array_of_four_gives_four_results_and_the_closing_table(
    cluster: SlurmCluster, dataset_dir: Path, tmp_path: Path
) -> None:
    command = [
        sys.executable, str(TRAIN), "-m", "hydra/launcher=slurm", "hydra.launcher.mem_gb=null",
        "hydra.launcher.cpus_per_task=1", "sweep=beta", *SMALL, f"dataset_dir={dataset_dir}", "trainer=cpu",
        "devices=1", "trainer.max_epochs=1", f"output_dir={tmp_path}", f"hydra.sweep.dir={tmp_path}/sweep",
    ]  # fmt: skip
    done = subprocess.run(
        command, env=cluster.environment, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "4 finished of 4" in done.stdout
    assert f"seismic-runs runs_dir={tmp_path}/sweep" in done.stdout
    names = sorted(path.parent.name for path in (tmp_path / "sweep").glob("*/outcome.json"))
    assert names == ["0", "1", "2", "3"]
    jobs = {path.name for path in (tmp_path / "sweep" / ".submitit").glob("[0-9]*_[0-9]*")}
    assert len({name.split("_")[0] for name in jobs}) == 1, "the four jobs are one array"
    assert {name.split("_")[1] for name in jobs} == {"0", "1", "2", "3"}
