"""Global scaling of spectrograms: one floor, mean and standard deviation for all records and components.

``scaled = (log10(magnitude + floor) - mean) / std``. Because the three numbers belong to the data set and not
to the record, amplitude survives: a record ten times as strong comes out ``1 / std`` higher in every bin well
above the floor. The floor is a low percentile of the training magnitudes that are not zero, so that empty
bins sit just below the quietest real ones instead of at an arbitrary minus infinity.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from seismic_lightning.errors import ConfigurationError, DatasetError

_LOWEST_DECADE, _HIGHEST_DECADE, _BINS_PER_DECADE = -46, 40, 200
"""The histogram spans all that float32 can hold, in bins of 1.2 %."""


_SMALLEST_VARIANCE = 1e-12
"""Of log magnitudes, in decades squared: below it lie the rounding errors of a constant."""


class ScalingConstants(NamedTuple):
    """The three numbers of the scaling, as a checkpoint stores them.

    Attributes:
        floor: Added to magnitudes before the logarithm, in their unit.
        mean: Mean of ``log10(magnitude + floor)``.
        std: Standard deviation of the same.
    """

    floor: float
    mean: float
    std: float


class LogScaling(nn.Module):
    """Magnitudes to scaled logarithms and back.

    Example:
        >>> scaling = LogScaling(floor=1.0, mean=2.0, std=0.5)
        >>> scaling(torch.tensor([999.0])), scaling.inverse(torch.tensor([2.0]))
        (tensor([2.]), tensor([999.]))
    """

    def __init__(self, floor: float, mean: float, std: float) -> None:
        """Keep the constants.

        Args:
            floor: Added to magnitudes before the logarithm, in their unit; above 0.
            mean: Mean of ``log10(magnitude + floor)``.
            std: Standard deviation of the same; above 0.

        Raises:
            ConfigurationError: A constant that cannot be inverted.
        """
        super().__init__()
        self.constants = ScalingConstants(float(floor), float(mean), float(std))
        if not (floor > 0 and std > 0 and all(math.isfinite(value) for value in self.constants)):
            raise ConfigurationError(
                f"scaling needs a positive floor and std and a finite mean, got {self.constants}"
            )

    def forward(self, magnitude: Tensor) -> Tensor:
        """Scale magnitudes.

        Args:
            magnitude: ``(B, C, F, T)`` or any shape, in the waveform's unit.

        Returns:
            Scaled logarithms of the same shape, dimensionless.
        """
        return self._scaled_(magnitude + self.constants.floor)

    def scale_(self, magnitude: Tensor) -> Tensor:
        """Scale magnitudes in place, where no gradients are wanted.

        Args:
            magnitude: Any shape, in the waveform's unit; changed.

        Returns:
            The same tensor, dimensionless.
        """
        return self._scaled_(magnitude.add_(self.constants.floor))

    def _scaled_(self, raised: Tensor) -> Tensor:
        """Scale magnitudes that stand on the floor, in place."""
        _, mean, std = self.constants
        return raised.log10_().sub_(mean).mul_(1.0 / std)

    def inverse(self, scaled: Tensor) -> Tensor:
        """Recover magnitudes; what falls below zero, as a model's output may, becomes zero.

        Args:
            scaled: Scaled logarithms of any shape.

        Returns:
            Magnitudes of the same shape, in the waveform's unit.
        """
        floor, mean, std = self.constants
        return torch.pow(10.0, scaled * std + mean).sub_(floor).clamp_(min=0.0)

    def to_db(self, scaled: Tensor) -> Tensor:
        """Express scaled logarithms as decibels of amplitude, for colour bars.

        Args:
            scaled: Scaled logarithms of any shape.

        Returns:
            ``20 log10(magnitude + floor)`` in dB relative to one unit of the waveform.
        """
        _, mean, std = self.constants
        return 20.0 * (scaled * std + mean)


class ScalingFit:
    """Find the scaling of a data set in two passes over its magnitudes, of which none is kept.

    First ``update_floor`` with every batch, then ``update`` with every batch, then ``result``. Batches may
    come in any order and size.
    """

    def __init__(self, percentile: float = 1.0) -> None:
        """Start without any data.

        Args:
            percentile: Share of the positive magnitudes that lie below the floor, in percent, 0 to 100.
        """
        self._percentile = percentile
        self._counts = torch.zeros((_HIGHEST_DECADE - _LOWEST_DECADE) * _BINS_PER_DECADE, dtype=torch.int64)
        self._floor: float | None = None
        self._n_records = 0
        self._sum = torch.zeros(())
        self._sum_of_squares = 0.0

    def update_floor(self, magnitude: Tensor) -> None:
        """Count the positive magnitudes of a batch in the logarithmic histogram.

        Args:
            magnitude: ``(B, C, F, T)`` magnitudes.

        Raises:
            DatasetError: A magnitude is NaN or infinite.
        """
        if not bool(magnitude.isfinite().all()):
            raise DatasetError(
                "spectrogram magnitudes hold NaN or infinite values; the samples they come from do too"
            )
        decades = magnitude[magnitude > 0].log10()
        place = ((decades - _LOWEST_DECADE) * _BINS_PER_DECADE).long().clamp_(0, len(self._counts) - 1)
        self._counts += torch.bincount(place, minlength=len(self._counts)).cpu()

    @property
    def floor(self) -> float:
        """The percentile of the positive magnitudes counted so far, to the resolution of the histogram.

        Raises:
            DatasetError: There is no positive magnitude.
        """
        if self._floor is not None:
            return self._floor
        cumulative = self._counts.cumsum(0)
        total = int(cumulative[-1])
        if total == 0:
            raise DatasetError("the training spectrograms are silent: not one magnitude is above zero")
        rank = min(math.floor(self._percentile / 100.0 * total), total - 1)
        place = int(torch.searchsorted(cumulative, rank, right=True))
        return float(10.0 ** (_LOWEST_DECADE + (place + 0.5) / _BINS_PER_DECADE))

    def update(self, magnitude: Tensor) -> None:
        """Accumulate the log magnitudes of a batch in float64.

        Args:
            magnitude: ``(B, C, F, T)`` magnitudes.
        """
        if self._floor is None:
            self._floor = self.floor  # the histogram is complete once this pass begins
        # Relative to the floor, so that the squares do not cancel.
        level = (magnitude.double() / self._floor + 1.0).log10_()
        self._sum = self._sum.to(level.device) + level.sum(0)
        self._sum_of_squares += float(level.square().sum())
        self._n_records += magnitude.shape[0]

    def result(self) -> LogScaling:
        """Return the scaling of everything seen.

        Raises:
            DatasetError: Nothing was seen, or all magnitudes are equal.
        """
        n_values = self._n_records * self._sum.numel()
        if n_values == 0:
            raise DatasetError("the scaling cannot be fitted: the training split has no records")
        mean = float(self._sum.sum()) / n_values
        variance = self._sum_of_squares / n_values - mean**2
        if variance <= _SMALLEST_VARIANCE:
            raise DatasetError("the scaling cannot be fitted: all training magnitudes are equal")
        return LogScaling(self.floor, mean + math.log10(self.floor), math.sqrt(variance))

    def mean_spectrogram(self) -> Tensor:
        """Return the mean of the scaled spectrograms, ``(C, F, T)`` float32."""
        _, mean, std = self.result().constants
        levels = self._sum / self._n_records + math.log10(self.floor)
        return ((levels - mean) / std).float()
