"""The energy distance agrees with SciPy's, and separates good draws from those of both opposite mistakes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import energy_distance as by_scipy
from support.fake_datamodule import FakeDataModule
from support.training import quiet_trainer, small

from seismic_lightning.callbacks.draws import PriorDraws, energy_distance
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.models.ae import AE
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.models.vae import VAE


def test_the_distance_of_one_dimension_is_that_of_scipy() -> None:
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=40), draw.normal(0.5, 2.0, size=30)

    def within(sample: np.ndarray) -> float:
        return float(np.abs(sample[:, None] - sample).mean()) / (len(sample) - 1)  # SciPy counts the diagonal

    ours = energy_distance(torch.from_numpy(x)[:, None], torch.from_numpy(y)[:, None])
    assert float(ours) == pytest.approx(by_scipy(x, y) ** 2 - within(x) - within(y), rel=1e-9)


def test_noise_and_sameness_are_both_farther_than_the_truth() -> None:
    draw = torch.Generator().manual_seed(0)
    levels = torch.randn(96, 1, generator=draw)
    truth, held_out = (
        levels[half] + 0.3 * torch.randn(48, 50, generator=draw) for half in (slice(48), slice(48, 96))
    )
    sameness = truth.mean(0, keepdim=True) + 0.01 * torch.randn(48, 50, generator=draw)
    noise = 2.0 * torch.randn(48, 50, generator=draw)
    good, dull, wild = (float(energy_distance(drawn, held_out)) for drawn in (truth, sameness, noise))
    assert abs(good) < 0.1 * min(dull, wild)


@pytest.mark.parametrize("model", [VAE, CVAE])
def test_it_is_logged_and_equal_for_equal_weights(model: type[VAE] | type[CVAE], tmp_path: Path) -> None:
    found = []
    for max_records in (256, 256, 6):
        torch.manual_seed(0)
        trainer = quiet_trainer(tmp_path, PriorDraws(max_records))
        trainer.fit(small(model), FakeDataModule())
        found.append(float(trainer.callback_metrics["val/energy_distance"]))
    assert found[0] == found[1] != found[2]
    assert found[0] > 0


def test_a_model_that_draws_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="AE draws no records"):
        quiet_trainer(tmp_path, PriorDraws()).fit(small(AE), FakeDataModule())
    with pytest.raises(ConfigurationError, match=r"max_records=1: give 2 or more"):
        PriorDraws(1)
