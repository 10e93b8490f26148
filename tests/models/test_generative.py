"""Every option of the variational models: learns, saves, loads, resumes and draws the same records twice."""

from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from support.fake_datamodule import N_STATIONS, FakeDataModule, fake_batch
from support.training import quiet_trainer, small
from torch import Tensor
from torch.autograd import backward
from torch.distributions import Normal

from seismic_lightning.callbacks.aggregate import AggregatePosterior
from seismic_lightning.callbacks.best_checkpoint import BestCheckpoint
from seismic_lightning.callbacks.last_checkpoint import LastCheckpoint
from seismic_lightning.callbacks.latent import LatentSums, LatentUse
from seismic_lightning.errors import CheckpointError, ConfigurationError
from seismic_lightning.models.ae import AE
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.models.generative import GenerativeAutoencoder
from seismic_lightning.models.load import load_model
from seismic_lightning.models.objective import objective
from seismic_lightning.models.vae import VAE

OPTIONS: dict[str, tuple[type[GenerativeAutoencoder], dict[str, Any]]] = {
    "vae": (VAE, {}),
    "cvae": (CVAE, {}),
    "warm-up": (VAE, {"kl_warmup_epochs": 2}),
    "free bits": (CVAE, {"free_bits": 0.01}),
    "learned": (VAE, {"residual": "learned"}),
    "speckle": (CVAE, {"residual": "speckle"}),
    "conditional": (CVAE, {"prior": "conditional"}),
    "all": (
        CVAE,
        {
            "prior": "conditional",
            "residual": "speckle",
            "free_bits": 0.01,
            "kl_warmup_epochs": 2,
            "beta": 2.0,
        },
    ),
}
every_option = pytest.mark.parametrize("name", OPTIONS)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def build(name: str) -> GenerativeAutoencoder:
    model_class, options = OPTIONS[name]
    model = small(model_class, latent_size=6, **options)
    assert isinstance(model, GenerativeAutoencoder)
    return model


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def train(
    folder: Path,
    model: SpectrogramAutoencoder,
    *callbacks: L.Callback,
    n_epochs: int,
    ckpt_path: Path | None = None,
) -> dict[str, Tensor]:
    trainer = quiet_trainer(folder, LastCheckpoint(folder), *callbacks, max_epochs=n_epochs)
    trainer.fit(model, FakeDataModule(), ckpt_path=ckpt_path)
    return {key: value.clone() for key, value in model.state_dict().items()}


@every_option
def test_every_parameter_learns_and_a_batch_is_fitted(name: str) -> None:
    batch, model = fake_batch(33, 17), build(name)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    errors = []
    for step in range(30):
        outcome = model.training_step(batch, step)
        optimizer.zero_grad()
        backward(outcome["loss"])
        if step == 0:
            for key, parameter in model.named_parameters():
                assert parameter.grad is not None, key
                assert 0 < parameter.grad.abs().max() < float("inf"), key
        optimizer.step()
        errors.append((outcome["reconstruction"] - batch.spectrogram).square().mean().item())
    assert errors[-1] < 0.5 * errors[0]


@every_option
def test_a_resumed_run_ends_as_one_that_never_stopped_and_draws_the_same(name: str, tmp_path: Path) -> None:
    whole = train(tmp_path / "whole", build(name), n_epochs=3)
    torch.manual_seed(0)
    train(tmp_path / "part", build(name), n_epochs=1)
    last = tmp_path / "part" / "last.ckpt"
    resumed = build(name)
    assert train(tmp_path / "part", resumed, n_epochs=3, ckpt_path=last).keys() == whole.keys()
    for key, weight in whole.items():
        assert torch.equal(resumed.state_dict()[key], weight), key
    condition = fake_batch(33, 17).condition
    loaded = load_model(last)
    assert dict(loaded.hparams) == dict(resumed.hparams)
    drawn = loaded.generate(condition, generator=seeded())
    assert drawn.shape == (4, 3, 33, 17)
    assert torch.isfinite(drawn).all()
    assert torch.equal(drawn, resumed.generate(condition, generator=seeded()))


@every_option
def test_one_seed_draws_equal_records_twice_and_another_others(name: str) -> None:
    model, condition = build(name), fake_batch(33, 17).condition
    before = torch.get_rng_state()
    first, again, other = (model.generate(condition, generator=seeded(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert model.training
    assert torch.equal(torch.get_rng_state(), before)


def test_without_temperature_only_the_residual_is_random() -> None:
    condition = fake_batch(33, 17).condition
    still = build("conditional")
    one, two = (still.generate(condition, generator=seeded(s), temperature=0.0) for s in (0, 1))
    assert torch.equal(one, two)
    assert torch.equal(one, still.eval().decode(still.prior_of(condition).mode, condition))
    residual = build("speckle")
    one, two = (residual.generate(condition, generator=seeded(s), temperature=0.0) for s in (0, 1))
    assert not torch.equal(one, two)


def test_the_autoencoder_says_that_it_only_reconstructs() -> None:
    with pytest.raises(ConfigurationError, match=r"AE has no prior .* reconstruct only"):
        small(AE).generate(fake_batch(33, 17).condition, generator=seeded())


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"temperature": -1.0}, r"temperature=-1\.0"),
        ({"temperature": float("nan")}, "temperature=nan"),
        ({"sampler": "posterior"}, "sampler=posterior: choose one of prior, aggregate"),
    ],
)
def test_what_cannot_be_drawn_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        build("vae").generate(fake_batch(33, 17).condition, generator=seeded(), **asked)


@pytest.mark.parametrize(
    "setting", [{"kl_warmup_epochs": -1}, {"free_bits": -0.1}, {"free_bits": float("nan")}]
)
def test_settings_below_zero_are_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(setting))):
        small(VAE, **setting)


def test_the_likelihood_equals_torch_distributions() -> None:
    batch = fake_batch(33, 17)
    variance = 0.1 + torch.rand(3, 33, 1)
    reconstruction = batch.spectrogram + torch.randn(batch.spectrogram.shape)
    parts = objective(reconstruction, batch.spectrogram, torch.zeros(4, 0), 1.0, variance=variance)
    theirs: Any = Normal(reconstruction, variance.sqrt())
    expected = -theirs.log_prob(batch.spectrogram).flatten(1).sum(1)
    torch.testing.assert_close(parts.reconstruction, expected)


def test_variance_of_a_half_is_the_squared_error_up_to_a_constant() -> None:
    batch = fake_batch(33, 17)
    worse = batch.spectrogram + torch.randn(batch.spectrogram.shape)
    half = torch.tensor(0.5)
    kl = torch.zeros(4, 0)
    plain = objective(worse, batch.spectrogram, kl, 1.0).loss
    learnt, perfect = (
        objective(x, batch.spectrogram, kl, 1.0, variance=half).loss for x in (worse, batch.spectrogram)
    )
    torch.testing.assert_close(learnt - perfect, plain)


def test_free_bits_leave_cheap_dimensions_alone_and_charge_the_others_in_full() -> None:
    kl = torch.tensor([[0.2, 3.0], [0.4, 5.0]], requires_grad=True)
    zeros = torch.zeros(2, 3, 2, 2)
    parts = objective(zeros, zeros, kl, 2.0, free_bits=0.5)
    torch.testing.assert_close(parts.loss.mean(), torch.tensor(2.0 * (0.5 + 4.0)))
    torch.testing.assert_close(parts.kl, kl.detach().sum(1))
    backward(parts.loss.sum())
    assert kl.grad is not None
    assert kl.grad.tolist() == [[0.0, 2.0], [0.0, 2.0]]


class BetaAtEachEpoch(L.Callback):
    """Note what the epochs were trained with."""

    def __init__(self) -> None:
        """Start empty."""
        self.logged: list[float] = []

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Note the last."""
        self.logged.append(float(trainer.callback_metrics["train/beta"]))


def test_the_price_rises_over_the_warm_up_and_validation_always_pays_in_full(tmp_path: Path) -> None:
    noted = BetaAtEachEpoch()
    model = small(VAE, latent_size=6, beta=3.0, kl_warmup_epochs=2)
    last: Path | None = None
    for n_epochs in (1, 2, 3, 4):
        train(tmp_path, model, noted, n_epochs=n_epochs, ckpt_path=last)
        last = tmp_path / "last.ckpt"
    assert noted.logged == pytest.approx([1.0, 2.0, 3.0, 3.0])
    fresh = small(VAE, latent_size=6, beta=3.0, kl_warmup_epochs=2).eval()
    batch = fake_batch(33, 17)
    outcome = fresh.validation_step(batch, 0)
    error = (outcome["reconstruction"] - batch.spectrogram).square().sum((1, 2, 3))
    torch.testing.assert_close(outcome["loss"], (error + 3.0 * outcome["kl"].sum(1)).mean())


@pytest.mark.parametrize("name_of_model", ["vae", "cvae", "conditional"])
def test_both_checkpoints_of_a_run_hold_the_density_of_their_own_posteriors(
    name_of_model: str, tmp_path: Path
) -> None:
    def best(folder: Path) -> BestCheckpoint:
        return BestCheckpoint(dirpath=folder, filename="best", monitor="val/loss")

    train(tmp_path, build(name_of_model), best(tmp_path), AggregatePosterior(n_components=2), n_epochs=2)
    condition = fake_batch(33, 17).condition
    for name in ("best", "last"):
        model = load_model(tmp_path / f"{name}.ckpt")
        drawn = model.generate(condition, generator=seeded(), sampler="aggregate")
        assert drawn.shape == (4, 3, 33, 17)
        assert not torch.equal(drawn, model.generate(condition, generator=seeded()))
    resumed = build(name_of_model)
    folder = tmp_path / "resumed"
    train(folder, resumed, best(folder), n_epochs=3, ckpt_path=tmp_path / "last.ckpt")
    with pytest.raises(CheckpointError, match="holds no density"):
        load_model(folder / "last.ckpt").generate(condition, generator=seeded(), sampler="aggregate")


@pytest.mark.parametrize("name", ["vae", "conditional"])
def test_the_gap_of_the_prior_is_logged_for_both_priors(name: str, tmp_path: Path) -> None:
    trainer = quiet_trainer(tmp_path, LatentUse())
    trainer.fit(build(name), FakeDataModule())
    assert float(trainer.callback_metrics["val/prior_gap"]) > 0
    assert 0 <= float(trainer.callback_metrics["val/active_units"]) <= 6


def test_posteriors_that_fill_the_prior_together_leave_no_gap() -> None:
    variance = torch.full((100_000, 3), 0.25)
    mean = 0.75**0.5 * torch.randn(100_000, 3, generator=seeded())
    kl = torch.zeros(100_000, 3)
    assert LatentSums.of(kl, mean, variance).gap_nats().item() == pytest.approx(0.0, abs=1e-3)
    shifted = LatentSums.of(kl, mean + 2.0, variance).gap_nats().item()
    assert shifted == pytest.approx(0.5 * 3 * 2.0**2, rel=0.02)


def test_a_condition_of_five_figures_fits_a_model_built_for_five() -> None:
    batch = fake_batch(33, 17)
    model = CVAE(n_freqs=33, n_frames=17, n_stations=N_STATIONS, n_location=5, channels=[4, 8])
    condition = batch.condition._replace(location=torch.randn(4, 5))
    assert model(batch.spectrogram, condition).shape == batch.spectrogram.shape
