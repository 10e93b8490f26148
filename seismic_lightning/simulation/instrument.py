"""Seismometer, accelerometer and digitiser: from ground velocity to counts.

References:
    FDSN (2012), SEED Reference Manual v2.4, Appendix A: HH and BH broadband, EH short-period seismometers, HN
    accelerometers.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

SYNTHESIS_RATE_HZ = 100.0
"""Rate of all channels but BH."""
FULL_SCALE_COUNTS = 2**23
"""Clipping level of a 24-bit digitiser."""
DAMPING = 0.707
ANTI_ALIAS_START, ANTI_ALIAS_STOP = 0.86, 0.96
"""The digitiser's filter rolls off between these shares of the Nyquist frequency (seen above 43 Hz)."""
SELF_NOISE_DB = -112.0
"""Of an accelerometer, dB re 1 (m/s^2)^2/Hz."""


class Family(NamedTuple):
    """What the two letters before the component say about a channel.

    Attributes:
        corner_hz: Natural frequency of the seismometer, None for an accelerometer, flat to 0 Hz.
        kind: 0 for velocity, 1 for acceleration: the column of gains and offsets.
    """

    corner_hz: float | None
    kind: int


FAMILIES = {
    "HH": Family(1 / 120, 0),
    "HN": Family(None, 1),
    "EH": Family(1.0, 0),
    "BH": Family(1 / 120, 0),
}
"""Channel families by code."""
FAMILY_CODES = tuple(FAMILIES)


class PolesZeros(NamedTuple):
    """Response in radians per second, relative to its flat part.

    Attributes:
        poles: In rad/s.
        zeros: In rad/s.
        input_unit: ``M/S`` or ``M/S**2``.
        normalisation_hz: Frequency at which it equals 1 to within 1e-4.
    """

    poles: tuple[complex, ...]
    zeros: tuple[complex, ...]
    input_unit: str
    normalisation_hz: float


def poles_zeros(family: str) -> PolesZeros:
    """Return a sensor's response for station metadata.

    Args:
        family: ``HH``, ``HN``, ``EH`` or ``BH``.
    """
    corner_hz = FAMILIES[family].corner_hz
    if corner_hz is None:
        return PolesZeros((), (), "M/S**2", 1.0)
    angular = 2 * np.pi * corner_hz
    pole = complex(-DAMPING * angular, angular * np.sqrt(1 - DAMPING**2))
    return PolesZeros((pole, pole.conjugate()), (0j, 0j), "M/S", 10.0)


def response(family: str, frequency_hz: NDArray[Any], rate_hz: float) -> NDArray[np.complex64]:
    """Return the response to ground velocity, without the gain.

    Args:
        family: Channel family.
        frequency_hz: ``(F,)`` frequencies.
        rate_hz: Sampling rate, whose Nyquist frequency the digitiser's filter guards.

    Returns:
        ``(F,)`` counts per m/s over the gain; for an accelerometer 2 pi i f times its filter.
    """
    anti_alias = _anti_alias(frequency_hz, rate_hz)
    corner_hz = FAMILIES[family].corner_hz
    if corner_hz is None:
        return (2j * np.pi * frequency_hz * anti_alias).astype(np.complex64)
    relative = 1j * frequency_hz / corner_hz
    sensor = relative**2 / (relative**2 + 2 * DAMPING * relative + 1)
    return (sensor * anti_alias).astype(np.complex64)


def _anti_alias(frequency_hz: NDArray[Any], rate_hz: float) -> NDArray[np.float64]:
    """Return a cosine roll-off below the Nyquist frequency."""
    share = frequency_hz / (rate_hz / 2)
    passed = np.clip((ANTI_ALIAS_STOP - share) / (ANTI_ALIAS_STOP - ANTI_ALIAS_START), 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * passed))


def digitise(counts: NDArray[np.float32], offset_counts: NDArray[np.float64]) -> NDArray[np.int32]:
    """Add the offset, round, and clip at full scale.

    Args:
        counts: ``(B, 3, N)``, overwritten.
        offset_counts: ``(B, 3)``.
    """
    counts += offset_counts[:, :, None].astype(np.float32)
    np.rint(counts, out=counts)
    np.clip(counts, -FULL_SCALE_COUNTS, FULL_SCALE_COUNTS - 1, out=counts)
    return counts.astype(np.int32)
