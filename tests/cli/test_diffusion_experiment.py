"""``experiment=diffusion_marmara`` as it is typed: averages, drawn records, resuming, processes."""

import csv
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from support.checkpoints import SMALL, write_checkpoint
from support.signals import option

from seismic_lightning.cli.train import main as train
from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.data.first_stage import adopt_scale
from seismic_lightning.data.trained_on import DATA_KEY, DataOfCheckpoint
from seismic_lightning.models.ae_kl import AEKL
from seismic_lightning.models.checkpoint import read_checkpoint
from seismic_lightning.models.latent_diffusion import LatentDiffusion

RunCommand = Callable[..., None]
TRAIN = Path(__file__).parents[2] / "train.py"
N_EPOCHS = 4


@pytest.fixture(scope="module")
def first_stage(dataset_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the checkpoint of a compressor of records in m/s after one step."""
    path = tmp_path_factory.mktemp("first") / "first.ckpt"
    return write_checkpoint(dataset_dir, path, AEKL, preprocess={"units": "sensitivity"}, latent_channels=2)


def command(dataset_dir: Path, first_stage: Path, folder: Path, *more: str) -> list[str]:
    """Return the words that train the recipe in a small size."""
    return [
        "experiment=diffusion_marmara", f"model.first_stage={first_stage}", "model.channels=[8,16]",
        "model.n_blocks=1", "model.n_steps=3", "data=dataset", f"dataset_dir={dataset_dir}",
        "stft.nperseg=128", "stft.noverlap=64", "stft.nfft=128", "data.batch_size=4",
        f"trainer.max_epochs={N_EPOCHS}", "trainer.check_val_every_n_epoch=2", f"scheduler.T_max={N_EPOCHS}",
        "logger=csv", "~callbacks.progress_bar", f"output_dir={folder}", f"hydra.run.dir={folder}/run", *more,
    ]  # fmt: skip


def logged(folder: Path, name: str) -> list[float]:
    """Return what was logged under a name, in its order."""
    files = sorted(folder.rglob("metrics.csv"))
    rows = [row for path in files for row in csv.DictReader(path.read_text().splitlines())]
    return [float(row[name]) for row in rows if row.get(name)]


def test_a_resumed_training_ends_with_the_same_averaged_weights(
    run_command: RunCommand, dataset_dir: Path, first_stage: Path, tmp_path: Path
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run_command(train, *command(dataset_dir, first_stage, whole, "trainer=cpu"))
    assert len(logged(whole, "val/energy_distance")) == N_EPOCHS // 2
    assert (whole / "run" / "checkpoints" / "best.ckpt").is_file()
    words = command(dataset_dir, first_stage, parts, "trainer=cpu")
    last = parts / "run" / "checkpoints" / "last.ckpt"
    run_command(train, *words, "trainer.max_epochs=2")
    run_command(train, *words, f"ckpt_path={last}")
    assert logged(parts, "train/loss") == logged(whole, "train/loss")
    once, twice = (read_checkpoint(folder / "run" / "checkpoints" / "last.ckpt") for folder in (whole, parts))
    assert once["global_step"] == twice["global_step"]
    for kept in ("state_dict", "current_model_state"):  # the averages and what is trained
        assert all(torch.equal(once[kept][name], twice[kept][name]) for name in once[kept]), kept
    name = "denoiser.unet.exit.2.weight"
    assert not torch.equal(once["state_dict"][name], once["current_model_state"][name])


@pytest.mark.long
@pytest.mark.timeout(600)
def test_two_processes_learn_what_one_learns_that_accumulates(
    dataset_dir: Path, first_stage: Path, tmp_path: Path
) -> None:
    two = ("trainer=ddp", "trainer.accelerator=cpu", "devices=2")
    for name, more in (("two", two), ("one", ("trainer=cpu", "trainer.accumulate_grad_batches=2"))):
        words = command(dataset_dir, first_stage, tmp_path / name, "~callbacks.ema", *more)
        subprocess.run([sys.executable, str(TRAIN), *words], check=True, timeout=280)
    ours, theirs = (torch.tensor(logged(tmp_path / name, "train/loss")) for name in ("two", "one"))
    assert len(ours) == N_EPOCHS
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=0.0)


@pytest.mark.parametrize("conditional", [True, False])
def test_only_a_model_that_hears_its_condition_is_taken_for_a_conditional_one(
    first_stage: Path, conditional: bool
) -> None:
    kept = read_checkpoint(first_stage)
    size = {name: kept["hyper_parameters"][name] for name in ("n_freqs", "n_frames", "n_stations")}
    model = LatentDiffusion(**size, first_stage=str(first_stage), channels=[8, 16], conditional=conditional)
    found = DataOfCheckpoint.of({**kept, "state_dict": model.state_dict()}, str(first_stage))
    assert found.conditional == conditional == model.is_conditional


def test_a_first_stage_of_another_dataset_is_warned_of(
    dataset_dir: Path, first_stage: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = read_checkpoint(first_stage)[DATA_KEY]
    module = SpectrogramDataModule(dataset_dir, option("fixed_band", units="sensitivity"), SMALL)
    module.setup()
    with caplog.at_level(logging.WARNING):
        adopt_scale(module, kept, "first.ckpt")
        assert "was trained on dataset" not in caplog.text
        adopt_scale(module, {**kept, "dataset_id": "0" * 16}, "first.ckpt")
    assert "first.ckpt was trained on dataset 0000000000000000" in caplog.text
