"""Scaling: exactly invertible, one for all records, and fitted whatever the order of the batches."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from seismic_lightning.errors import ConfigurationError, DatasetError
from seismic_lightning.transforms.scaling import LogScaling, ScalingFit


def magnitudes(n_records: int = 12) -> Tensor:
    """Return log-normal magnitudes over six decades with some empty bins."""
    rng = np.random.default_rng(0)
    values = 10 ** rng.normal(1.0, 1.0, size=(n_records, 3, 20, 11))
    values[:, :, 0] = 0.0
    return torch.from_numpy(values).float()


def fitted(batches: list[Tensor]) -> ScalingFit:
    fit = ScalingFit()
    for batch in batches:
        fit.update_floor(batch)
    for batch in batches:
        fit.update(batch)
    return fit


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_unscaling_undoes_scaling(dtype: torch.dtype) -> None:
    magnitude = magnitudes().to(dtype)
    scaling = LogScaling(floor=0.1, mean=0.9, std=0.7)
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    result = scaling.inverse(scaling(magnitude))
    assert ((result - magnitude).abs() <= tolerance * (magnitude + 0.1)).all()
    assert result.dtype == dtype


def test_a_models_output_below_the_floor_is_silence() -> None:
    assert LogScaling(0.1, 0.9, 0.7).inverse(torch.tensor([-50.0])).item() == 0.0


def test_amplitude_survives() -> None:
    magnitude = magnitudes()
    scaling = fitted([magnitude]).result()
    weak, strong = scaling(magnitude), scaling(10 * magnitude)
    loud = magnitude > 1000 * scaling.constants.floor
    torch.testing.assert_close(
        (strong - weak)[loud], torch.full_like(weak[loud], 1 / scaling.constants.std), rtol=2e-3, atol=0
    )


def test_decibels_are_those_of_amplitude() -> None:
    scaling = LogScaling(floor=0.1, mean=0.9, std=0.7)
    magnitude = torch.tensor([0.0, 1.0, 999.9])
    expected = 20 * torch.log10(magnitude + 0.1)
    torch.testing.assert_close(scaling.to_db(scaling(magnitude)), expected, rtol=0, atol=1e-4)


def test_training_data_come_out_standardised() -> None:
    magnitude = magnitudes()
    fit = fitted(list(torch.split(magnitude, 5)))
    scaled = fit.result()(magnitude).double()
    assert scaled.mean().item() == pytest.approx(0.0, abs=1e-5)
    assert scaled.std().item() == pytest.approx(1.0, abs=1e-3)
    torch.testing.assert_close(fit.mean_spectrogram(), scaled.mean(0).float(), rtol=0, atol=1e-5)


def test_the_floor_is_the_percentile_of_what_is_not_empty() -> None:
    magnitude = magnitudes()
    expected = np.percentile(magnitude[magnitude > 0].numpy(), 1.0)
    assert fitted([magnitude]).floor == pytest.approx(expected, rel=0.02)


def test_order_and_size_of_batches_do_not_matter() -> None:
    magnitude = magnitudes()
    first, second = fitted(list(torch.split(magnitude, 5))), fitted(list(torch.split(magnitude.flip(0), 2)))
    assert first.floor == second.floor
    assert first.result().constants == pytest.approx(second.result().constants, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_any_unit_will_do(scale: float) -> None:
    counts, other = fitted([magnitudes()]).result(), fitted([magnitudes() * scale]).result()
    assert other.constants.floor == pytest.approx(counts.constants.floor * scale, rel=0.02)
    assert other.constants.std == pytest.approx(counts.constants.std, rel=0.01)


def test_silence_cannot_be_scaled() -> None:
    with pytest.raises(DatasetError, match="silent"):
        fitted([torch.zeros(2, 3, 4, 5)])


def test_magnitudes_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(DatasetError, match="NaN"):
        fitted([torch.full((2, 3, 4, 5), math.nan)])


def test_equal_magnitudes_and_no_records_are_refused() -> None:
    with pytest.raises(DatasetError, match="all training magnitudes are equal"):
        fitted([torch.ones(2, 3, 4, 5)]).result()
    with pytest.raises(DatasetError, match="no records"):
        ScalingFit().result()


@pytest.mark.parametrize("constants", [(0.0, 1.0, 1.0), (1.0, 1.0, 0.0), (1.0, math.nan, 1.0)])
def test_constants_without_an_inverse_are_refused(constants: tuple[float, float, float]) -> None:
    with pytest.raises(ConfigurationError, match="scaling needs"):
        LogScaling(*constants)
