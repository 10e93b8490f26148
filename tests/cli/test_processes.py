"""Several processes train as one would, in one folder, and end together."""

import csv
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from seismic_lightning.batch import Condition
from seismic_lightning.cli.outcome import read_outcome
from seismic_lightning.models.generative import GenerativeAutoencoder
from seismic_lightning.models.load import load_model

TRAIN = Path(__file__).parents[2] / "train.py"
N_EPOCHS, LIMIT_S, GONE_S = 3, 200, 5.0
TWO = ("trainer=ddp", "trainer.accelerator=cpu", "devices=2")
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
Words = Callable[..., list[str]]


@pytest.fixture(scope="module")
def words(dataset_dir: Path) -> Words:
    """Return a function that gives the command line of a short training, without its devices."""

    def command(folder: Path, *more: str) -> list[str]:
        return [
            str(TRAIN), "data=dataset", f"dataset_dir={dataset_dir}", f"output_dir={folder}",
            "model=vae", "model.channels=[4,8,8,8]", "data.batch_size=4", f"trainer.max_epochs={N_EPOCHS}",
            "trainer.enable_model_summary=false", "~callbacks.progress_bar", "logger=csv", *more,
        ]  # fmt: skip

    return command


def start(command: list[str], *launcher: str, **variables: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **variables}
    python = [sys.executable, *launcher]
    return subprocess.Popen([*python, *command], env=environment, stderr=subprocess.PIPE, text=True)


def finish(process: "subprocess.Popen[str]") -> None:
    _, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, said


def run_folders(folder: Path) -> list[Path]:
    """Return every folder that some process took for its run's."""
    return sorted({path.parent for name in ("*.log", "run.json", ".hydra") for path in folder.rglob(name)})


def losses(run_dir: Path, name: str = "train/loss") -> torch.Tensor:
    files = sorted(run_dir.rglob("metrics.csv"))
    rows = [row for path in files for row in csv.DictReader(path.read_text().splitlines())]
    return torch.tensor([float(row[name]) for row in rows if row.get(name)])


def weights(run_dir: Path) -> dict[str, torch.Tensor]:
    state = torch.load(run_dir / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    assert isinstance(state, dict)
    return state


def sha256(run_dir: Path) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(weights(run_dir).items()):
        digest.update(name.encode() + value.numpy().tobytes())
    return digest.hexdigest()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def two_processes(words: Words, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a training of two processes."""
    folder = tmp_path_factory.mktemp("two")
    finish(start(words(folder, *TWO)))
    (run_dir,) = run_folders(folder)
    return run_dir


def test_two_processes_learn_what_one_learns_that_accumulates(
    two_processes: Path, words: Words, tmp_path: Path
) -> None:
    finish(start(words(tmp_path, "trainer=cpu", "trainer.accumulate_grad_batches=2")))
    (alone,) = run_folders(tmp_path)
    expected = losses(alone)
    assert len(expected) == N_EPOCHS
    assert expected[-1] < 0.95 * expected[0]
    torch.testing.assert_close(losses(two_processes), expected, rtol=1e-5, atol=0.0)
    parameters = {name for name, _ in load_model(alone / "checkpoints" / "last.ckpt").named_parameters()}
    for name, value in weights(alone).items():
        if name in parameters:  # running means of layers are those of the first process
            torch.testing.assert_close(weights(two_processes)[name], value, rtol=1e-3, atol=1e-4)


def test_two_nodes_of_one_process_are_one_node_of_two(
    two_processes: Path, words: Words, tmp_path: Path
) -> None:
    rendezvous = [
        "--nnodes=2",
        "--nproc-per-node=1",
        "--master-addr=127.0.0.1",
        f"--master-port={free_port()}",
    ]
    command = words(tmp_path, "trainer=ddp", "trainer.accelerator=cpu", "devices=1", "num_nodes=2")
    launcher = ("-m", "torch.distributed.run", *rendezvous)
    nodes = [start(command, *launcher, f"--node-rank={rank}", GLOO_SOCKET_IFNAME="lo") for rank in range(2)]
    for node in nodes:
        finish(node)
    (run_dir,) = run_folders(tmp_path)
    assert sha256(run_dir) == sha256(two_processes)
    assert torch.equal(losses(run_dir, "val/loss"), losses(two_processes, "val/loss"))
    mine, theirs = read_outcome(run_dir), read_outcome(two_processes)
    assert mine is not None
    assert theirs is not None
    assert mine.result is not None
    assert theirs.result is not None
    assert mine.result.metrics == theirs.result.metrics


def test_a_sweep_over_two_processes_has_a_folder_for_each_job(words: Words, tmp_path: Path) -> None:
    command = words(tmp_path, *TWO, "-m", "model=ae,vae", "debug=fast", f"hydra.sweep.dir={tmp_path}/sweep")
    finish(start(command))
    jobs = [tmp_path / "sweep" / name for name in ("0", "1")]
    assert run_folders(tmp_path) == jobs
    for job in jobs:
        outcome = read_outcome(job)
        assert outcome is not None
        assert outcome.state == "finished"
        assert (job / "checkpoints" / "best.ckpt").is_file()
        assert len(losses(job)) == N_EPOCHS


@pytest.mark.parametrize("victim", [0, 1])
def test_when_one_process_is_killed_all_end_and_the_run_can_go_on(
    victim: int, two_processes: Path, words: Words, tmp_path: Path
) -> None:
    command = words(tmp_path, *TWO, f"hydra.run.dir={tmp_path}/run", "callbacks.last.every_n_train_steps=2")
    process = start(command)
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    while not last.is_file() and process.poll() is None:
        time.sleep(0.01)
    other = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
    tic = time.monotonic()
    os.kill((process.pid, other)[victim], signal.SIGKILL)
    _, said = process.communicate(timeout=LIMIT_S)
    while Path(f"/proc/{other}/stat").exists() and "Z" not in Path(f"/proc/{other}/stat").read_text():
        assert time.monotonic() - tic < GONE_S
        time.sleep(0.05)
    assert time.monotonic() - tic < GONE_S
    assert process.returncode != 0
    if victim == 1:
        assert (
            said.strip().splitlines()[-1].startswith("error: epoch 0: another process of the run has ended")
        )
    finish(start([*command, f"ckpt_path={last}"]))
    assert sha256(tmp_path / "run") == sha256(two_processes)


def test_compiled_layers_learn_the_same(words: Words, tmp_path: Path) -> None:
    for name in ("false", "true"):
        command = words(
            tmp_path, "trainer=cpu", "debug=fast", f"compile={name}", f"hydra.run.dir={tmp_path}/{name}"
        )
        cache = {"TORCHINDUCTOR_CACHE_DIR": str(tmp_path / f"compiled_{name}")}
        finish(start([*command, "trainer.max_epochs=1"], **cache))
    kernels = {name: list((tmp_path / f"compiled_{name}").rglob("*.cpp")) for name in ("false", "true")}
    assert kernels["true"]
    assert not kernels["false"]
    assert sorted(weights(tmp_path / "true")) == sorted(weights(tmp_path / "false"))
    torch.testing.assert_close(losses(tmp_path / "true"), losses(tmp_path / "false"), rtol=1e-5, atol=0.0)


def test_a_sharded_model_learns_the_same_and_is_one_file(
    two_processes: Path, words: Words, tmp_path: Path
) -> None:
    sharded = ("trainer=fsdp", "trainer.accelerator=cpu", "devices=2", f"hydra.run.dir={tmp_path}/run")
    finish(start(words(tmp_path, *sharded, "trainer.max_epochs=1")))
    finish(start(words(tmp_path, *sharded, "ckpt_path=last")))
    assert run_folders(tmp_path) == [tmp_path / "run"]
    found = weights(tmp_path / "run")
    parameters = dict(load_model(tmp_path / "run" / "checkpoints" / "best.ckpt").named_parameters())
    for name, value in weights(two_processes).items():
        assert found[name].shape == value.shape
        if name in parameters:
            torch.testing.assert_close(found[name], value, rtol=1e-3, atol=1e-4)
    model = load_model(tmp_path / "run" / "checkpoints" / "best.ckpt")
    assert isinstance(model, GenerativeAutoencoder)
    told = Condition(torch.zeros(2), torch.zeros(2, 3), torch.zeros(2, dtype=torch.int64))
    drawn = model.generate(told, generator=torch.Generator().manual_seed(0))
    assert torch.isfinite(drawn).all()
