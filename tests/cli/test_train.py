"""The command trains every model, leaves what it promises, and survives being killed."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from seismic_lightning.cli.train import main
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.data.condition import ConditionScaling
from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.models.load import load_model
from seismic_lightning.transforms.front import SpectrogramFront

TRAIN = Path(__file__).parents[2] / "train.py"
BATCH_SIZE, N_EPOCHS = 4, 4
RunCommand = Callable[..., None]


def overrides(dataset_dir: Path, folder: Path, *more: str) -> list[str]:
    return [
        "data=dataset", f"dataset_dir={dataset_dir}", f"output_dir={folder}", f"hydra.run.dir={folder}/run",
        "trainer=cpu", "model.channels=[4,8,8,8]", *more,
    ]  # fmt: skip


@pytest.mark.parametrize("model", ["ae", "vae", "cvae"])
def test_a_run_leaves_what_it_promises(
    model: str, dataset_dir: Path, tmp_path: Path, run_command: RunCommand, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(main, *overrides(dataset_dir, tmp_path, f"model={model}", "debug=fast"))
    run = tmp_path / "run"
    said = capsys.readouterr().out
    assert f"tensorboard --logdir {tmp_path}" in said
    assert f"{run}/checkpoints/best.ckpt" in said
    assert "test/loss" in said
    assert yaml.safe_load((run / ".hydra" / "config.yaml").read_text())["stft"]["nperseg"] == 256
    described = json.loads((run / "run.json").read_text())
    assert described["seed"] == 0
    assert described["packages"]["torch"].startswith(torch.__version__.split("+")[0])
    assert {path.name for path in (run / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}
    scalars = EventAccumulator(str(run / "tensorboard")).Reload().Tags()["scalars"]
    assert {"train/loss", "val/loss", "val/kl", "val/skill", "val/skill_level", "train/records_per_s"} <= set(
        scalars
    )


@pytest.mark.parametrize("model", ["ae", "vae", "cvae"])
def test_every_model_trains_on_real_and_imaginary_parts(
    model: str, dataset_dir: Path, tmp_path: Path, run_command: RunCommand
) -> None:
    more = (f"model={model}", "representation=complex", "debug=fast")
    run_command(main, *overrides(dataset_dir, tmp_path, *more))
    run = tmp_path / "run"
    assert load_model(run / "checkpoints" / "best.ckpt").n_components == 6
    tags = EventAccumulator(str(run / "tensorboard")).Reload().Tags()
    assert "val/skill" in tags["scalars"]
    assert "reconstruction/1" in tags["images"]


def test_a_checkpoint_alone_gives_spectrograms_and_reconstructions_of_its_training(
    dataset_dir: Path, tmp_path: Path, run_command: RunCommand
) -> None:
    run_command(main, *overrides(dataset_dir, tmp_path, "model=cvae", "debug=fast"))
    path = tmp_path / "run" / "checkpoints" / "last.ckpt"
    stored = torch.load(path, weights_only=True)["SpectrogramDataModule"]
    front = SpectrogramFront.from_settings(stored["front"])
    conditions = ConditionScaling.from_settings(stored["conditions"])
    module = SpectrogramDataModule(dataset_dir, front.preprocess.settings, front.stft.settings)
    module.setup()
    raw = module.records("val").__getitems__([0, 1])
    batch = module.on_after_batch_transfer(raw, 0)
    assert torch.equal(front(raw.groups, raw.band)[1], batch.spectrogram)
    rows = module.dataset.metadata.iloc[raw.index.numpy()]
    alone = load_model(path).eval()
    trained = load_model(path).eval()
    trained.load_state_dict(torch.load(path, weights_only=True)["state_dict"])
    with torch.no_grad():
        reconstruction = alone(batch.spectrogram, conditions(rows))
        assert torch.equal(reconstruction, trained(batch.spectrogram, batch.condition))
    trained_on = module.dataset.metadata[module.dataset.metadata["split"] == "train"]
    assert stored["conditions"]["stations"] == sorted("KO." + trained_on["station_code"].unique())


def test_two_runs_with_one_seed_are_equal_and_another_seed_is_not(
    dataset_dir: Path, tmp_path: Path, run_command: RunCommand
) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run_command(main, *overrides(dataset_dir, tmp_path / name, "model=vae", "debug=fast", f"seed={seed}"))
    first, second, other = (weights_sha256(tmp_path / name / "run") for name in "abc")
    assert first == second != other


@pytest.fixture(scope="module")
def run_alone(dataset_dir: Path) -> Callable[..., subprocess.Popen[bytes]]:
    """Return a function that starts a training of some forty steps in a process of its own."""

    def start(folder: Path, *more: str) -> subprocess.Popen[bytes]:
        schedule = ["model=vae", f"trainer.max_epochs={N_EPOCHS}", f"data.batch_size={BATCH_SIZE}"]
        quiet = ["logger=none", "~callbacks.progress_bar"]
        command = [
            sys.executable,
            str(TRAIN),
            *overrides(dataset_dir, folder, *schedule, *quiet, *more),
        ]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)

    return start


@pytest.fixture(scope="module")
def uninterrupted(
    run_alone: Callable[..., subprocess.Popen[bytes]], tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Return the SHA-256 of the weights at the end of an uninterrupted training."""
    folder = tmp_path_factory.mktemp("whole")
    assert run_alone(folder).wait() == 0
    return weights_sha256(folder / "run")


@pytest.mark.parametrize("every_n_train_steps", ["2", "null"], ids=["within_an_epoch", "between_epochs"])
def test_a_killed_run_resumes_to_the_same_weights(
    run_alone: Callable[..., subprocess.Popen[bytes]],
    uninterrupted: str,
    dataset_dir: Path,
    tmp_path: Path,
    every_n_train_steps: str,
) -> None:
    saving = f"callbacks.last.every_n_train_steps={every_n_train_steps}"
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    process = run_alone(tmp_path, saving)
    deadline = time.monotonic() + 120
    while not last.is_file() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the run ended before it could be killed"
    done = torch.load(last, weights_only=True)["global_step"]
    assert run_alone(tmp_path, saving, "ckpt_path=last").wait() == 0
    n_records = (open_dataset(dataset_dir).metadata["split"] == "train").sum()
    n_steps = N_EPOCHS * -(-n_records // BATCH_SIZE)
    assert 0 < done < torch.load(last, weights_only=True)["global_step"] == n_steps > 20
    assert weights_sha256(tmp_path / "run") == uninterrupted


def test_a_resumed_run_takes_the_best_along_into_its_own_folder(
    dataset_dir: Path, tmp_path: Path, run_command: RunCommand, capsys: pytest.CaptureFixture[str]
) -> None:
    first = overrides(dataset_dir, tmp_path, "model=ae", "data.batch_size=8", "logger=none")
    run_command(main, *first, "trainer.max_epochs=1")
    before = torch.load(tmp_path / "run" / "checkpoints" / "best.ckpt", weights_only=True)["epoch"]
    spoilt = [
        "optimizer.lr=1e-3",
        "trainer.max_epochs=1",
        "ckpt_path=" + str(tmp_path / "run/checkpoints/last.ckpt"),
    ]
    run_command(main, *first, *spoilt, f"hydra.run.dir={tmp_path}/again")
    after = torch.load(tmp_path / "again" / "checkpoints" / "best.ckpt", weights_only=True)["epoch"]
    assert before == after == 0
    assert f"{tmp_path}/again/checkpoints/best.ckpt" in capsys.readouterr().out


@pytest.mark.parametrize(
    "option", ["debug=overfit", "debug=profile", "experiment=recommended", "experiment=fine_frequency"]
)
def test_ready_options_train(option: str, dataset_dir: Path, tmp_path: Path, run_command: RunCommand) -> None:
    short = ["trainer.max_epochs=1", "+trainer.limit_train_batches=2", "logger=none"]
    short = short if option != "debug=overfit" else [short[0], short[2]]
    run_command(main, *overrides(dataset_dir, tmp_path, option, "data.batch_size=8", *short))
    assert (tmp_path / "run" / "checkpoints" / "last.ckpt").is_file()


def test_two_processes_train_and_validate_an_uneven_split(dataset_dir: Path, tmp_path: Path) -> None:
    two = ["trainer=ddp", "trainer.accelerator=cpu", "devices=2", "debug=fast", "logger=none", "model=vae"]
    words = [word for word in overrides(dataset_dir, tmp_path, *two) if word != "trainer=cpu"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(TRAIN), *words], env=environment, timeout=200, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().count("best metric") == 1
    assert (tmp_path / "run" / "checkpoints" / "best.ckpt").is_file()
    assert [path.name for path in (tmp_path / "run").glob("*.log")] == ["train.log"]


@pytest.mark.parametrize(
    "wrong",
    [
        "data.batch_size=0",
        "data.resident=maybe",
        "seed=-1",
        "beta=-1",
        "beta=nan",
        "optimizer.lr=-1",
        "trainer.log_every_n_steps=0",
        "trainer.max_epochs=-3",
        "trainer.max_epochs=2.5",
        "model.latent_size=0",
        "preprocess.bands_hz.HH=5",
        "stft.nfft=257",
        "stft={nperseg: 4096, noverlap: 64, nfft: 4096}",
    ],
)
def test_an_impossible_number_is_one_line_that_names_it(
    wrong: str, dataset_dir: Path, tmp_path: Path, run_command: RunCommand
) -> None:
    name = wrong.split("=")[0].split(".")[-1].split("_")[0]
    with pytest.raises(SystemExit, match=rf"^error: .*{name}") as stopped:
        run_command(main, *overrides(dataset_dir, tmp_path, "model=vae", wrong))
    assert "\n" not in str(stopped.value.code)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_with_its_exit_code_and_says_how_to_go_on(
    sent: signal.Signals, run_alone: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    # More epochs than the machine can train before this test comes to send its signal.
    # A shell lets what it starts in the background ignore interrupts, and children inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = run_alone(tmp_path, "callbacks.last.every_n_train_steps=2", "trainer.max_epochs=1000")
    signal.signal(signal.SIGINT, before)
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    while not last.is_file() and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(sent)
    assert process.wait(timeout=60) == 128 + sent
    assert f"go on with ckpt_path={last}" in (tmp_path / "run" / "train.log").read_text()


def test_resuming_a_finished_run_with_other_settings_says_both(
    dataset_dir: Path, tmp_path: Path, run_command: RunCommand
) -> None:
    words = overrides(dataset_dir, tmp_path, "model=ae", "data.batch_size=8", "trainer.max_epochs=1")
    run_command(main, *words)
    run_command(main, *words, "ckpt_path=last", "optimizer.lr=0.5")
    log = (tmp_path / "run" / "train.log").read_text()
    assert "optimizer.lr=0.5 after 0.001" in log
    assert "Epoch 1 of 1 is done" in log
    assert log.count("best metric") == 2


def test_float64_preprocessing_trains(dataset_dir: Path, tmp_path: Path, run_command: RunCommand) -> None:
    run_command(main, *overrides(dataset_dir, tmp_path, "model=ae", "preprocess.dtype=float64", "debug=fast"))
    assert (tmp_path / "run" / "checkpoints" / "best.ckpt").is_file()


def test_a_checkpoint_of_another_model_is_refused(
    dataset_dir: Path, tmp_path: Path, run_command: RunCommand
) -> None:
    run_command(main, *overrides(dataset_dir, tmp_path, "model=ae", "debug=fast"))
    path = tmp_path / "run" / "checkpoints" / "last.ckpt"
    with pytest.raises(SystemExit, match=r"holds .*AE; expected .*VAE"):
        run_command(main, *overrides(dataset_dir, tmp_path, "model=vae", f"ckpt_path={path}"))


def test_a_monitor_that_nothing_logs_is_one_line(
    dataset_dir: Path, tmp_path: Path, run_command: RunCommand
) -> None:
    with pytest.raises(SystemExit, match=r"^error: .*val/los'") as stopped:
        run_command(main, *overrides(dataset_dir, tmp_path, "trainer.max_epochs=1", "monitor=val/los"))
    assert "\n" not in str(stopped.value.code)


def test_a_knob_without_effect_is_said_aloud(
    dataset_dir: Path, tmp_path: Path, run_command: RunCommand
) -> None:
    run_command(
        main, *overrides(dataset_dir, tmp_path, "model=ae", "beta=0.5", "window.length_s=40", "debug=fast")
    )
    log = (tmp_path / "run" / "train.log").read_text()
    assert "beta=0.5 has no effect" in log
    assert "window.length_s=40 has no effect" in log


def test_a_sweep_fills_one_folder_per_job(dataset_dir: Path, tmp_path: Path, run_command: RunCommand) -> None:
    shared = overrides(dataset_dir, tmp_path, "debug=fast", "logger=csv")
    run_command(main, "-m", "model=ae,vae", "beta=0.1,1", f"hydra.sweep.dir={tmp_path}/sweep", *shared)
    folders = sorted(path.parent.name for path in (tmp_path / "sweep").glob("*/run.json"))
    assert folders == ["0", "1", "2", "3"]


def weights_sha256(run_dir: Path) -> str:
    state = torch.load(run_dir / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(name.encode() + state[name].numpy().tobytes())
    return digest.hexdigest()
