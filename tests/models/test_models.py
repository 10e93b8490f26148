"""What every model promises, for odd and even sizes of the spectrogram."""

from pathlib import Path

import lightning as L
import pytest
import torch
from support.fake_datamodule import N_STATIONS, FakeDataModule, fake_batch
from torch import Tensor, nn
from torch.autograd import backward

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.models.ae import AE
from seismic_lightning.models.ae_kl import AEKL
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.models.load import load_model
from seismic_lightning.models.objective import objective
from seismic_lightning.models.vae import VAE

MODELS = [AE, AEKL, VAE, CVAE]
SIZES = [(129, 110, 3), (129, 63, 3), (33, 17, 3), (33, 17, 1)]
"""Frequency bins, frames and components."""

every_model = pytest.mark.parametrize("model_class", MODELS)
every_size = pytest.mark.parametrize(("n_freqs", "n_frames", "n_components"), SIZES)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def build(
    model_class: type[SpectrogramAutoencoder], n_freqs: int = 33, n_frames: int = 17, n_components: int = 3
) -> SpectrogramAutoencoder:
    """Build a model of full depth and modest width."""
    return model_class(
        n_freqs=n_freqs,
        n_frames=n_frames,
        n_components=n_components,
        n_stations=N_STATIONS,
        channels=[4, 8, 16, 32],
    )


def trained(model: SpectrogramAutoencoder, folder: Path) -> Path:
    """Train for one epoch and return the checkpoint."""
    trainer = L.Trainer(
        accelerator="cpu",
        max_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )
    grid = model.grid
    trainer.fit(model, FakeDataModule(grid.n_freqs, grid.n_frames, n_components=model.n_components))
    path = folder / "model.ckpt"
    trainer.save_checkpoint(path)
    return path


@every_model
@every_size
def test_a_reconstruction_has_the_size_of_its_input(
    model_class: type[SpectrogramAutoencoder], n_freqs: int, n_frames: int, n_components: int
) -> None:
    batch = fake_batch(n_freqs, n_frames, n_components=n_components)
    model = build(model_class, n_freqs, n_frames, n_components)
    posterior = model.encode(batch.spectrogram, batch.condition)
    reconstruction = model.decode(posterior.sample(torch.Generator()), batch.condition)
    assert reconstruction.shape == batch.spectrogram.shape
    assert posterior.kl().shape[0] == len(batch.index)
    assert reconstruction.dtype == torch.float32


@every_model
@every_size
def test_every_parameter_learns_in_the_first_step(
    model_class: type[SpectrogramAutoencoder], n_freqs: int, n_frames: int, n_components: int
) -> None:
    model = build(model_class, n_freqs, n_frames, n_components)
    optimizer = model.configure_optimizers()
    assert isinstance(optimizer, torch.optim.Optimizer)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    backward(model.training_step(fake_batch(n_freqs, n_frames, n_components=n_components), 0)["loss"])
    optimizer.step()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name
        assert not torch.equal(parameter, before[name]), name


@every_model
def test_a_few_steps_on_one_batch_halve_the_error(model_class: type[SpectrogramAutoencoder]) -> None:
    batch = fake_batch(33, 17)
    model = build(model_class)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for step in range(30):
        loss = model.training_step(batch, step)["loss"]
        optimizer.zero_grad()
        backward(loss)
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


@every_model
@every_size
def test_a_checkpoint_reconstructs_identically_with_nothing_but_the_file(
    model_class: type[SpectrogramAutoencoder], n_freqs: int, n_frames: int, n_components: int, tmp_path: Path
) -> None:
    model = build(model_class, n_freqs, n_frames, n_components)
    path = trained(model, tmp_path)
    batch = fake_batch(n_freqs, n_frames, n_components=n_components)
    expected = model.eval()(batch.spectrogram, batch.condition)
    for loaded in (model_class.load_from_checkpoint(path).eval(), load_model(path)):
        assert type(loaded) is model_class
        assert torch.equal(loaded(batch.spectrogram, batch.condition), expected)
        assert dict(loaded.hparams) == dict(model.hparams)
    plain = torch.load(path)["hyper_parameters"]
    assert {type(value) for value in plain.values()} <= {int, float, str, list}


@every_model
def test_bfloat16_comes_close(model_class: type[SpectrogramAutoencoder]) -> None:
    batch = fake_batch(33, 17)
    model = build(model_class).eval()
    exact = model(batch.spectrogram, batch.condition).detach()
    with torch.autocast("cpu", torch.bfloat16):
        rough = model(batch.spectrogram, batch.condition)
        outcome = model.validation_step(batch, 0)
    assert outcome["loss"].dtype == torch.float32
    n_layers = sum(isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) for layer in model.modules())
    allowed = n_layers * 2**-9 * float(exact.abs().max())  # 8-bit mantissas, each layer off by up to 2**-9
    torch.testing.assert_close(rough.detach().float(), exact, atol=allowed, rtol=0)


@every_model
def test_noise_follows_the_record_and_not_its_batch(model_class: type[SpectrogramAutoencoder]) -> None:
    batch = fake_batch(33, 17)
    model = build(model_class).eval()
    others = batch._replace(index=batch.index + len(batch.index))
    steps = ((batch, 0), (batch, 1), (others, 0))
    first, again, other = (model.training_step(*step)["reconstruction"] for step in steps)
    assert torch.equal(first, again)
    is_sampled = model.encode(batch.spectrogram, batch.condition).kl().shape[1] > 0
    assert torch.equal(first, other) == (not is_sampled)


@every_model
def test_training_leaves_the_global_random_numbers_alone(model_class: type[SpectrogramAutoencoder]) -> None:
    model = build(model_class)
    before = torch.get_rng_state()
    backward(model.training_step(fake_batch(33, 17), 0)["loss"])
    assert torch.equal(torch.get_rng_state(), before)


@every_model
def test_validation_decodes_the_mode(model_class: type[SpectrogramAutoencoder]) -> None:
    batch = fake_batch(33, 17)
    model = build(model_class).eval()
    expected = model(batch.spectrogram, batch.condition)
    for step in (model.validation_step, model.test_step):
        assert torch.equal(step(batch, 0)["reconstruction"], expected)


@every_model
def test_a_spectrogram_of_another_size_is_refused(
    model_class: type[SpectrogramAutoencoder],
) -> None:
    with pytest.raises(ValueError, match=r"built for \(B, C, 33, 17\)"):
        build(model_class).encode(torch.zeros(2, 3, 33, 16), fake_batch(33, 17).condition)


@every_model
def test_a_checkpoint_that_does_not_say_its_components_has_three(
    model_class: type[SpectrogramAutoencoder], tmp_path: Path
) -> None:
    path = trained(build(model_class), tmp_path)
    checkpoint = torch.load(path)
    del checkpoint["hyper_parameters"]["n_components"]
    torch.save(checkpoint, path)
    assert load_model(path).n_components == 3


@every_model
def test_a_model_without_channels_is_refused(model_class: type[SpectrogramAutoencoder]) -> None:
    with pytest.raises(ConfigurationError, match=r"model\.channels=\[\]"):
        model_class(n_freqs=33, n_frames=17, n_stations=N_STATIONS, channels=[])


def test_the_autoencoder_has_no_beta() -> None:
    with pytest.raises(TypeError, match="beta"):
        AE(n_freqs=33, n_frames=17, beta=1.0)  # type: ignore[call-arg]


@pytest.mark.parametrize("model_class", [AE, VAE])
def test_models_without_condition_ignore_it(model_class: type[SpectrogramAutoencoder]) -> None:
    batch = fake_batch(33, 17)
    model = build(model_class).eval()
    other = batch.condition._replace(magnitude=batch.condition.magnitude + 1)
    assert torch.equal(model(batch.spectrogram, batch.condition), model(batch.spectrogram, other))


@pytest.mark.parametrize("part", ["magnitude", "location", "station"])
def test_the_condition_changes_what_the_conditional_model_makes(part: str) -> None:
    batch = fake_batch(33, 17)
    model = build(CVAE).eval()
    changed: Tensor = getattr(batch.condition, part) + 1
    if part == "station":
        changed = changed % N_STATIONS
    other = batch.condition._replace(**{part: changed})
    latent = torch.zeros(len(batch.index), 128)
    assert not torch.equal(model.decode(latent, batch.condition), model.decode(latent, other))
    posterior, moved = (model.encode(batch.spectrogram, condition) for condition in (batch.condition, other))
    assert not torch.equal(posterior.mode, moved.mode)


def test_default_sizes_are_those_of_the_design() -> None:
    batch = fake_batch(129, 110, n_records=2)
    assert AE(n_freqs=129, n_frames=110).encode(batch.spectrogram, batch.condition).mode.shape == (
        2,
        256,
        9,
        7,
    )
    assert VAE(n_freqs=129, n_frames=110).encode(batch.spectrogram, batch.condition).mode.shape == (2, 128)


def test_without_beta_the_loss_is_the_autoencoders() -> None:
    batch = fake_batch(33, 17)
    reconstruction = batch.spectrogram + torch.randn(batch.spectrogram.shape)
    kl = torch.rand(len(batch.index), 128)
    of_vae = objective(reconstruction, batch.spectrogram, kl, beta=0.0)
    of_ae = objective(reconstruction, batch.spectrogram, kl[:, :0], beta=AE.beta)
    assert torch.equal(of_vae.loss, of_ae.loss)
    weighted = objective(reconstruction, batch.spectrogram, kl, beta=0.5)
    torch.testing.assert_close(weighted.loss, of_ae.loss + 0.5 * kl.sum(1))


def test_the_loss_sums_over_a_record_and_averages_over_the_batch() -> None:
    batch = fake_batch(33, 17)
    model = build(VAE).eval()
    outcome = model.validation_step(batch, 0)
    error = (outcome["reconstruction"] - batch.spectrogram).square().sum((1, 2, 3))
    torch.testing.assert_close(outcome["loss"], (error + outcome["kl"].sum(1)).mean())
