"""Averaged weights are kept and judged; a resumed training goes on from the weights themselves."""

from pathlib import Path

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import Callback
from support.fake_datamodule import FakeDataModule, fake_batch
from support.training import quiet_trainer, small

from seismic_lightning.callbacks.averaged import AveragedWeights
from seismic_lightning.callbacks.last_checkpoint import LastCheckpoint
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.models.load import load_model

N_EPOCHS, DECAY = 3, 0.3
pytestmark = pytest.mark.filterwarnings(
    "ignore:You're using the WeightAveraging callback with a model:UserWarning"
)


class Weights(Callback):
    """Keep one weight after every step."""

    def __init__(self) -> None:
        """Start with none."""
        self.seen: list[torch.Tensor] = []

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Keep the initial weight."""
        self.seen = [next(pl_module.parameters()).detach().clone()]

    def on_train_batch_end(self, trainer: L.Trainer, pl_module: L.LightningModule, *batch: object) -> None:
        """Keep the weight."""
        self.seen.append(next(pl_module.parameters()).detach().clone())


def train(
    folder: Path, seed: int, n_epochs: int = N_EPOCHS, ckpt_path: Path | None = None
) -> tuple[L.Trainer, Weights]:
    torch.manual_seed(seed)
    weights = Weights()
    callbacks = (AveragedWeights(decay=DECAY), weights, LastCheckpoint(folder))
    trainer = quiet_trainer(folder, *callbacks, max_epochs=n_epochs)
    trainer.fit(small(), FakeDataModule(), ckpt_path=ckpt_path)
    return trainer, weights


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, L.Trainer, Weights]:
    folder = tmp_path_factory.mktemp("averaged")
    return folder / "last.ckpt", *train(folder, seed=1)


def test_the_average_is_exponential_and_looks_back_over_a_share_of_the_steps(
    whole: tuple[Path, L.Trainer, Weights],
) -> None:
    path, _, weights = whole
    average = weights.seen[1]  # the first update takes the weights as they are
    shares = [max(9.0 / (step + 10.0), 1.0 - DECAY) for step in range(1, len(weights.seen) - 1)]
    assert shares[0] > shares[-1] == 1.0 - DECAY, "both the warm-up and the decay itself must be seen"
    for share, weight in zip(shares, weights.seen[2:], strict=True):
        average = average + share * (weight - average)
    kept = torch.load(path, weights_only=True)
    name = next(name for name, _ in small().named_parameters())
    torch.testing.assert_close(kept["state_dict"][name], average, rtol=1e-5, atol=1e-7)
    assert torch.equal(kept["current_model_state"][name], weights.seen[-1])
    assert not torch.allclose(average, weights.seen[-1], atol=1e-5)


def test_a_decay_that_keeps_nothing_or_all_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"callbacks\.ema\.decay=1\.0: give 0 or more, below 1"):
        AveragedWeights(decay=1.0)


def test_the_average_is_tested_and_drawn_from(whole: tuple[Path, L.Trainer, Weights]) -> None:
    path, trainer, _ = whole
    (again,) = trainer.test(small(), FakeDataModule(), ckpt_path=path, verbose=False)
    model = load_model(path)
    (alone,) = quiet_trainer(path.parent).test(model, FakeDataModule(), verbose=False)
    assert again == alone
    batch = fake_batch(33, 17)
    generator = torch.Generator().manual_seed(0)
    drawn = model.generate(batch.condition, generator=generator)
    assert torch.isfinite(drawn).all()


def test_a_run_that_goes_on_ends_as_one_that_was_not_interrupted(
    whole: tuple[Path, L.Trainer, Weights], tmp_path: Path
) -> None:
    train(tmp_path, seed=1, n_epochs=1)
    train(tmp_path, seed=2, ckpt_path=tmp_path / "last.ckpt")
    expected, found = (torch.load(path, weights_only=True) for path in (whole[0], tmp_path / "last.ckpt"))
    for part in ("state_dict", "current_model_state", "averaging_state"):
        assert expected[part].keys() == found[part].keys()
        for name, value in expected[part].items():
            assert torch.equal(found[part][name], value), (part, name)
