r"""Velocity and acceleration of the ground from what a record holds.

Counts are divided by the sensitivity of their channel, which gives velocity (seismometers, counts per m/s) or
acceleration (accelerometers, counts per m/s²). The other quantity follows in the frequency domain, exact up
to the Nyquist frequency where a difference of neighbouring samples loses a quarter at 20 Hz of 100 Hz:

.. math:: a = \mathcal{F}^{-1}\{2\pi i f\, \mathcal{F} v\} , \qquad
   v = \mathcal{F}^{-1}\{(2\pi i f)^{-1}\, \mathcal{F} a\} , \; f > 0

The straight line between a record's ends is taken out before and its slope put back after the derivative: a
step from the last sample to the first would ring. Records are meant to be filtered: what lies outside the
pass band of the preprocessing is no motion of the ground.

References:
    Boore, D. M. and Bommer, J. J. (2005), Soil Dynamics and Earthquake Engineering 25(2), 93-115,
    doi:10.1016/j.soildyn.2004.10.007.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.checks import finite

Quantity = Literal["mps", "mps2"]


class Motion(NamedTuple):
    """Motion of the ground.

    Attributes:
        velocity_mps: ``(B, C, N)``.
        acceleration_mps2: ``(B, C, N)``.
        rate_hz: Sampling rate.
    """

    velocity_mps: NDArray[np.float64]
    acceleration_mps2: NDArray[np.float64]
    rate_hz: float


def without_sensitivity(counts: ArrayLike, sensitivity: ArrayLike) -> NDArray[np.float64]:
    """Turn counts into motion of the ground.

    Args:
        counts: ``(B, C, N)`` counts.
        sensitivity: ``(B, C)`` counts per m/s, or counts per m/s².

    Returns:
        ``(B, C, N)`` in m/s, or in m/s².

    Raises:
        EvaluationError: Sensitivities are not of these records, or not above zero.
    """
    samples = finite("counts", counts, 3)
    divisor = np.asarray(sensitivity, dtype=np.float64)
    if divisor.shape != samples.shape[:2]:
        raise EvaluationError(
            f"sensitivities: counts of shape {samples.shape} need {samples.shape[:2]}, got {divisor.shape}"
        )
    wrong = np.argwhere(~(np.isfinite(divisor) & (divisor > 0)))
    if len(wrong):
        record, component = wrong[0]
        raise EvaluationError(
            f"sensitivities: component {component} of record {record} has {divisor[record, component]}, "
            f"and {len(wrong) - 1} more; a number above 0 is asked for"
        )
    return np.asarray(samples / divisor[..., None])


def ground_motion(samples: ArrayLike, quantity: Quantity, rate_hz: float) -> Motion:
    """Complete velocity with acceleration, or the other way round.

    Args:
        samples: ``(B, C, N)`` in m/s or m/s².
        quantity: ``mps`` or ``mps2``, what the samples are.
        rate_hz: Sampling rate.

    Returns:
        Both quantities.

    Raises:
        EvaluationError: An unknown quantity, or values that are not finite.
    """
    values = finite("waveforms", samples, 3)
    if quantity == "mps":
        return Motion(values, derivative(values, rate_hz), rate_hz)
    if quantity == "mps2":
        return Motion(integral(values, rate_hz), values, rate_hz)
    raise EvaluationError(f"quantity={quantity}: ground motion is in mps or mps2; divide counts before")


def derivative(samples: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Differentiate in the frequency domain.

    Args:
        samples: ``(..., N)`` of at least two samples.
        rate_hz: Sampling rate.

    Returns:
        ``(..., N)`` per second.
    """
    n_samples = samples.shape[-1]
    if n_samples < 2:
        raise EvaluationError("a derivative needs two samples at least")
    step = (samples[..., -1:] - samples[..., :1]) / (n_samples - 1)
    line = samples[..., :1] + step * np.arange(n_samples)
    factor = 2j * np.pi * np.fft.rfftfreq(n_samples, 1.0 / rate_hz)
    if n_samples % 2 == 0:
        factor[-1] = 0.0  # a sine at the Nyquist frequency is zero at all samples
    slope = np.fft.irfft(np.fft.rfft(samples - line) * factor, n_samples)
    return np.asarray(slope + step * rate_hz)


def integral(samples: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Integrate in the frequency domain, with mean zero before and after.

    Args:
        samples: ``(..., N)``.
        rate_hz: Sampling rate.

    Returns:
        ``(..., N)`` times second.
    """
    n_samples = samples.shape[-1]
    spectrum = np.fft.rfft(samples)
    spectrum[..., 0] = 0.0
    spectrum[..., 1:] /= 2j * np.pi * np.fft.rfftfreq(n_samples, 1.0 / rate_hz)[1:]
    return np.asarray(np.fft.irfft(spectrum, n_samples))
