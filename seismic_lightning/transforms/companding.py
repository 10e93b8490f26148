r"""Complex spectrograms as real channels: magnitudes compressed by a power law, phases kept.

.. math:: y = \frac{z\, |z|^{p-1}}{\sigma}

Amplitudes of earthquakes span five decades and more; with an exponent of 0.3 they span one and a half, so
that a squared error does not see the strongest bins alone. Real and imaginary parts of ``y`` are separate
channels, all real parts before all imaginary ones, and have unit variance over the training split. Nothing
is lost: the way back is exact up to rounding, and with the phases goes the motion of particles.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from seismic_lightning.errors import ConfigurationError, DatasetError
from seismic_lightning.transforms.settings import check_exponent


class CompandingConstants(NamedTuple):
    """The two numbers of the companding, as a checkpoint stores them.

    Attributes:
        exponent: Power that magnitudes are raised to, ``p``.
        std: Standard deviation of the parts after that.
    """

    exponent: float
    std: float


class PowerCompanding(nn.Module):
    """Complex spectrograms to real channels and back.

    Example:
        >>> companding = PowerCompanding(exponent=0.5, std=2.0)
        >>> companding(torch.tensor([[[16j]]])).flatten()
        tensor([0., 2.])
        >>> companding.inverse(torch.tensor([0.0, 2.0])[:, None, None])
        tensor([[[0.+16.j]]])
    """

    def __init__(self, exponent: float, std: float) -> None:
        """Keep the constants.

        Args:
            exponent: Power that magnitudes are raised to, above 0, at most 1.
            std: Standard deviation of the parts after that; above 0.

        Raises:
            ConfigurationError: A constant that cannot be inverted.
        """
        super().__init__()
        check_exponent(exponent)
        if not (std > 0 and math.isfinite(std)):
            raise ConfigurationError(f"companding needs a positive std, got {std}")
        self.constants = CompandingConstants(float(exponent), float(std))

    def forward(self, spectrum: Tensor) -> Tensor:
        """Compress and split into parts.

        Args:
            spectrum: ``(..., C, F, T)`` complex amplitudes in the waveform's unit.

        Returns:
            ``(..., 2C, F, T)`` real parts of all components, then imaginary ones, dimensionless.
        """
        exponent, std = self.constants
        parts = torch.cat([spectrum.real, spectrum.imag], dim=-3)
        return _raised(parts, exponent).mul_(1.0 / std)

    def inverse(self, parts: Tensor) -> Tensor:
        """Recover complex amplitudes.

        Args:
            parts: ``(..., 2C, F, T)`` as ``forward`` returns them.

        Returns:
            ``(..., C, F, T)`` complex amplitudes in the waveform's unit.
        """
        exponent, std = self.constants
        return torch.complex(*_raised(parts * std, 1.0 / exponent).chunk(2, dim=-3))

    def magnitude(self, parts: Tensor) -> Tensor:
        """Recover magnitudes alone.

        Args:
            parts: ``(..., 2C, F, T)`` as ``forward`` returns them.

        Returns:
            ``(..., C, F, T)`` magnitudes in the waveform's unit.
        """
        exponent, std = self.constants
        return _power(parts * std).pow_(0.5 / exponent)


class CompandingFit:
    """Find the scale of a data set's parts in one pass over its magnitudes.

    The variance of the parts is half the mean square of the compressed magnitudes: their mean is zero, as
    the phase of a bin is of no preferred value.
    """

    def __init__(self, exponent: float) -> None:
        """Start without any data.

        Args:
            exponent: Power that magnitudes are raised to.
        """
        self._exponent = exponent
        self._sum_of_squares, self._n_values = 0.0, 0

    def update(self, magnitude: Tensor) -> None:
        """Accumulate a batch in float64.

        Args:
            magnitude: ``(B, C, F, T)`` magnitudes.
        """
        self._sum_of_squares += float(magnitude.double().pow_(2.0 * self._exponent).sum())
        self._n_values += magnitude.numel()

    def result(self) -> PowerCompanding:
        """Return the companding of everything seen.

        Raises:
            DatasetError: Nothing was seen, or nothing but silence.
        """
        if self._sum_of_squares == 0:
            raise DatasetError("the companding cannot be fitted: the training split has no signal")
        return PowerCompanding(self._exponent, math.sqrt(0.5 * self._sum_of_squares / self._n_values))


def _raised(parts: Tensor, exponent: float) -> Tensor:
    """Raise magnitudes to a power, keeping phases; ``(..., 2C, F, T)`` to the same shape."""
    tiny = torch.finfo(parts.dtype).tiny  # what is zero stays zero
    factor = _power(parts).clamp_(min=tiny).pow_(0.5 * (exponent - 1.0))
    return parts * torch.cat([factor, factor], dim=-3)


def _power(parts: Tensor) -> Tensor:
    """Return squared magnitudes, ``(..., 2C, F, T)`` to ``(..., C, F, T)``."""
    real, imaginary = parts.chunk(2, dim=-3)
    return torch.addcmul(real * real, imaginary, imaginary)
