"""The complex representation: exact there and back, of unit variance, and plain constants."""

import pytest
import torch
from torch import Tensor

from seismic_lightning.errors import ConfigurationError, DatasetError
from seismic_lightning.transforms.companding import CompandingFit, PowerCompanding
from seismic_lightning.transforms.settings import RepresentationSettings


def spectrum(dtype: torch.dtype = torch.complex64) -> Tensor:
    """Return amplitudes over ten decades, ``(2, 3, 5, 4)``."""
    generator = torch.Generator().manual_seed(0)
    decades = torch.rand(2, 3, 5, 4, generator=generator) * 10 - 5
    phase = torch.rand(2, 3, 5, 4, generator=generator) * 6.28
    return torch.polar(10.0**decades, phase).to(dtype)


@pytest.mark.parametrize("exponent", [0.2, 0.3, 0.5, 1.0])
def test_parts_lead_back_to_every_amplitude(exponent: float) -> None:
    companding = PowerCompanding(exponent, std=1.7)
    amplitudes = spectrum()
    parts = companding(amplitudes)
    assert parts.shape == (2, 6, 5, 4)
    error = (companding.inverse(parts) - amplitudes).abs() / amplitudes.abs()
    assert error.max().item() < 1e-5
    torch.testing.assert_close(companding.magnitude(parts), amplitudes.abs(), rtol=1e-5, atol=0)


def test_phases_are_kept_and_parts_are_in_order() -> None:
    companding = PowerCompanding(0.3, std=0.6)
    amplitudes = spectrum(torch.complex128)
    real, imaginary = companding(amplitudes).chunk(2, dim=1)
    torch.testing.assert_close(torch.atan2(imaginary, real), amplitudes.angle())
    torch.testing.assert_close(torch.hypot(real, imaginary) * 0.6, amplitudes.abs() ** 0.3)


def test_silence_stays_silent() -> None:
    companding = PowerCompanding(0.3, std=2.0)
    silence = torch.zeros(1, 3, 5, 4, dtype=torch.complex64)
    assert companding(silence).abs().max() == 0
    assert companding.inverse(companding(silence)).abs().max() == 0


def test_fitted_parts_have_unit_variance() -> None:
    fit = CompandingFit(0.3)
    amplitudes = torch.randn(64, 3, 9, 8, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    for batch in (amplitudes * 1e-9).tensor_split(3):
        fit.update(batch.abs())
    assert fit.result()(amplitudes * 1e-9).std().item() == pytest.approx(1.0, abs=1e-2)


def test_what_cannot_be_undone_or_fitted_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"exponent=0\.0"):
        PowerCompanding(0.0, 1.0)
    with pytest.raises(ConfigurationError, match="positive std"):
        PowerCompanding(0.3, 0.0)
    with pytest.raises(ConfigurationError, match=r"kind='phase'.*log_magnitude, complex"):
        RepresentationSettings("phase")
    with pytest.raises(ConfigurationError, match=r"exponent=1\.5"):
        RepresentationSettings("complex", 1.5)
    silent = CompandingFit(0.3)
    silent.update(torch.zeros(1, 3, 5, 4))
    with pytest.raises(DatasetError, match="no signal"):
        silent.result()
