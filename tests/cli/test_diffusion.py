"""Latent diffusion as a user types it: first stage, training, resuming, drawing, interpolating, judging."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from support.checkpoints import write_checkpoint

from seismic_lightning.cli.evaluate import main as evaluate
from seismic_lightning.cli.generate import main as generate
from seismic_lightning.cli.interpolate import main as interpolate
from seismic_lightning.cli.train import main as train
from seismic_lightning.generation.trained import Trained
from seismic_lightning.models.ae_kl import AEKL
from seismic_lightning.models.checkpoint import read_checkpoint
from seismic_lightning.models.latent_diffusion import LatentDiffusion
from seismic_lightning.models.vae import VAE

RunCommand = Callable[..., None]
SMALL_STFT = ("stft.nperseg=128", "stft.noverlap=64", "stft.nfft=128")
REQUEST = ("magnitude=2.5", "latitude_deg=40.8", "longitude_deg=29.0", "depth_km=10", "station=ISK")


@pytest.fixture(scope="module")
def first_stage(dataset_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the checkpoint of a compressor after one step."""
    return write_checkpoint(
        dataset_dir, tmp_path_factory.mktemp("first") / "first.ckpt", AEKL, latent_channels=2
    )


def command(dataset_dir: Path, first_stage: Path, folder: Path, *more: str) -> list[str]:
    """Return the words that train a small diffusion model."""
    return [
        "model=latent_diffusion", f"model.first_stage={first_stage}", "model.channels=[8,16]",
        "model.n_blocks=1", "model.n_steps=3", "data=dataset", f"dataset_dir={dataset_dir}",
        "preprocess=fixed_band", *SMALL_STFT, "data.batch_size=8", "trainer=cpu", "trainer.max_epochs=2",
        "logger=none", "~callbacks.progress_bar", f"output_dir={folder}",
        f"hydra.run.dir={folder}/run", *more,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def diffusion(dataset_dir: Path, first_stage: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the last checkpoint of two epochs."""
    folder = tmp_path_factory.mktemp("diffusion")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["train.py", *command(dataset_dir, first_stage, folder)])
        train()
    return folder / "run" / "checkpoints" / "last.ckpt"


def test_a_checkpoint_needs_no_other_file(
    diffusion: Path, first_stage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = first_stage.rename(tmp_path / "away.ckpt")
    try:
        trained = Trained.read(diffusion)
    finally:
        held.rename(first_stage)
    assert isinstance(trained.model, LatentDiffusion)
    assert trained.conditional
    weights = read_checkpoint(first_stage)["state_dict"]
    kept = trained.model.first_stage.state_dict()
    assert all(torch.equal(kept[name], weight) for name, weight in weights.items())
    assert bool((trained.model.latent_std > 0.0).all())
    last = list(trained.model.denoiser.unet.exit.parameters())
    assert all(bool(weight.any()) for weight in last), "something was learnt"


def test_an_interrupted_training_ends_as_one_that_was_not(
    run_command: RunCommand, dataset_dir: Path, first_stage: Path, diffusion: Path, tmp_path: Path
) -> None:
    words = command(dataset_dir, first_stage, tmp_path)
    run_command(train, *words, "trainer.max_epochs=1")
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    run_command(train, *words, f"ckpt_path={last}")
    once, twice = (read_checkpoint(path)["state_dict"] for path in (diffusion, last))
    assert all(torch.equal(once[name], twice[name]) for name in once)


def test_records_are_drawn_interpolated_and_judged(
    run_command: RunCommand, dataset_dir: Path, diffusion: Path, own_folder: Path
) -> None:
    ckpt = f"ckpt_path={diffusion}"
    run_command(generate, ckpt, *REQUEST, "n_records=2", "output_dir=drawn", "guidance=1.5", "n_steps=2")
    assert len(list((own_folder / "drawn").rglob("*.mseed"))) == 2
    told = {"n_steps": 2, "solver": "heun", "guidance": 1.5}
    assert json.loads((own_folder / "drawn" / "generation.json").read_text())["sampling"] == told
    way = ("source=0", "target=3", "steps=3", "output_dir=way", "solver=euler")
    run_command(interpolate, ckpt, f"dataset_dir={dataset_dir}", *way)
    assert list((own_folder / "way").rglob("*.png"))
    written = json.loads((own_folder / "way" / "generation.json").read_text())
    assert written["sampling"]["solver"] == "euler"
    few = ("subset=train", "max_records=24", "max_training_records=32", "n_draws=2")
    run_command(evaluate, ckpt, f"dataset_dir={dataset_dir}", *few, "guidance=3")
    (report,) = (own_folder / "outputs" / "evaluate").rglob("budget.csv")
    assert "conditional generation" in report.read_text()
    about = json.loads((report.parent / "evaluation.json").read_text())["about"]
    assert (about["n_steps"], about["guidance"]) == (3, 3.0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("guidance=-1",), "guidance=-1.0: give a number of 0 or more"),
        (("n_steps=0",), "n_steps=0: give 1 or more steps"),
        (("temperature=0.5",), "temperature=0.5: diffusion starts from noise of one strength"),
        (("sampler=aggregate",), "sampler=aggregate: diffusion draws from noise alone"),
    ],
)
def test_what_diffusion_cannot_do_is_refused(
    run_command: RunCommand, diffusion: Path, own_folder: Path, words: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SystemExit, match=message):
        run_command(generate, f"ckpt_path={diffusion}", *REQUEST, "output_dir=drawn", *words)


def test_guidance_is_refused_by_models_without_steps(
    run_command: RunCommand, cvae_checkpoint: Path, own_folder: Path
) -> None:
    with pytest.raises(SystemExit, match=r"guidance=2\.0: .* holds a CVAE, which makes records in one step"):
        run_command(generate, f"ckpt_path={cvae_checkpoint}", *REQUEST, "output_dir=drawn", "guidance=2")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("model.first_stage=null",), "needs model.first_stage=CHECKPOINT"),
        (("model.first_stage=none.ckpt",), "none.ckpt: there is no such checkpoint file"),
        (("stft.noverlap=32",), "was trained with another stft"),
        (("preprocess.units=sensitivity",), "was trained with another preprocess, unit"),
        (("representation=complex",), "was trained with another representation"),
        (("model.conditional=false", "model.guidance=2"), "hears no condition"),
        (("model.process=ddpm",), "choose one of edm, flow"),
        (("~callbacks.latents",), "latents were not gathered"),
    ],
)
def test_a_first_stage_that_does_not_fit_is_refused(
    run_command: RunCommand,
    dataset_dir: Path,
    first_stage: Path,
    own_folder: Path,
    words: tuple[str, ...],
    message: str,
) -> None:
    with pytest.raises(SystemExit, match=message):
        run_command(train, *command(dataset_dir, first_stage, own_folder, *words))


def test_a_first_stage_that_draws_by_itself_is_refused(
    run_command: RunCommand, dataset_dir: Path, diffusion: Path, vae_checkpoint: Path, own_folder: Path
) -> None:
    for path, name in ((diffusion, "LatentDiffusion"), (vae_checkpoint, VAE.__name__)):
        with pytest.raises(SystemExit, match=f"model.first_stage holds a {name}"):
            run_command(train, *command(dataset_dir, path, own_folder))
