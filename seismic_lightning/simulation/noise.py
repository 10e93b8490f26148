"""Ambient noise of the Marmara stations, and a bank of normal numbers that makes it cheap.

The level is the median of 21 KO stations, not the global models: the microseism of an inland sea peaks at
0.25-0.4 Hz, and 10-40 Hz is cultural, up to the global high-noise model. Stations deviate by three parts that
are correlated over frequency: one broadband, one at long and one at short periods.

References:
    Peterson, J. (1993), Observations and modeling of seismic background noise, USGS Open-File Report 93-322:
    the global low- and high-noise models between which all these levels lie below 10 Hz.
    KOERI, network KO, doi:10.7914/SN/KO: the continuous records of 2023-12-04 that were measured.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FREQUENCY_HZ = np.array(
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 40.0]
)
LEVEL_DB = np.array(
    [-136, -140, -143, -145, -131, -112, -114, -121, -129, -126, -125, -122, -120, -118, -108, -108.0]
)
"""Power spectral density of vertical acceleration, dB re 1 (m/s^2)^2/Hz; constant outside."""
LEVEL_SD_DB = np.array([4, 4, 5, 6, 4, 4, 5, 7, 7, 9, 10, 10, 10, 11, 11, 9.0])
"""Standard deviation over stations."""
BROADBAND_PART, LONG_PERIOD_PART, SHORT_PERIOD_PART = 0.45, 0.6, 0.8
"""Proportions of its parts; the last two cross over from 1 to 20 Hz, and squares add up to the whole."""
CROSSOVER_DECADES = 1.3
RECORD_LEVEL_DB, RECORD_LEVEL_SD_DB = 3.0, 4.0
"""Shift of a whole record: stations are noisier than in the quiet hour that was measured."""
HORIZONTAL_DB = 2.0
TILT_DB, TILT_CORNER_HZ = 6.0, 0.1
"""Further level of horizontals, gained over one decade below the corner: tilt."""
BANK_SIZE = 1 << 22
_BANK_STREAM = 3
"""Key that keeps the generator of the bank apart from the others."""


def station_noise_db(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the noise of stations.

    Args:
        scores: ``(S, 3)`` standard normal deviates: broadband, long period, short period.

    Returns:
        ``(S, K)`` level at ``FREQUENCY_HZ``, dB.
    """
    short = np.clip(np.log10(FREQUENCY_HZ) / CROSSOVER_DECADES, 0.0, 1.0)
    parts = np.stack(
        [np.full(short.size, BROADBAND_PART), LONG_PERIOD_PART * (1 - short), SHORT_PERIOD_PART * short]
    )
    parts /= np.sqrt((parts**2).sum(axis=0))
    return np.asarray(LEVEL_DB + LEVEL_SD_DB * (scores @ parts))


def velocity_amplitude(noise_db: NDArray[np.float64], frequency_hz: NDArray[Any]) -> NDArray[np.float64]:
    """Turn acceleration levels into the amplitude density of velocity.

    Args:
        noise_db: ``(S, K)`` level at ``FREQUENCY_HZ``.
        frequency_hz: ``(F,)`` positive frequencies; levels are interpolated over their logarithm.

    Returns:
        ``(S, F)`` m/s per square root of Hz.
    """
    place = np.log(frequency_hz)
    level_db = np.stack([np.interp(place, np.log(FREQUENCY_HZ), row) for row in noise_db])
    return np.asarray(10 ** (level_db / 20) / (2 * np.pi * frequency_hz))


def component_factor(frequency_hz: NDArray[Any]) -> NDArray[np.float64]:
    """Return ``(3, F)`` amplitudes of Z, N and E relative to Z."""
    tilt = np.clip(-np.log10(frequency_hz / TILT_CORNER_HZ), 0.0, 1.0)
    horizontal = 10 ** ((HORIZONTAL_DB + TILT_DB * tilt) / 20)
    return np.stack([np.ones(horizontal.size), horizontal, horizontal])


class NormalBank:
    """Millions of normal numbers, drawn once; a row is a stretch from a random place with a random sign.

    A fresh normal number costs several times what copying one does, and a record needs some fifty thousand.
    """

    def __init__(self, seed: int) -> None:
        """Draw the bank from a seed."""
        rng = np.random.default_rng(np.random.SeedSequence([seed], spawn_key=(_BANK_STREAM,)))
        self._numbers = rng.standard_normal(BANK_SIZE, dtype=np.float32)

    def draw(self, rng: np.random.Generator, n_rows: int, n_columns: int, length: int) -> NDArray[np.float32]:
        """Return ``(n_rows, n_columns, length)`` standard normal numbers."""
        start = rng.integers(0, BANK_SIZE - length, (n_rows, n_columns))
        sign = 1 - 2 * rng.integers(0, 2, (n_rows, n_columns)).astype(np.float32)
        out = np.empty((n_rows, n_columns, length), dtype=np.float32)
        for row in range(n_rows):
            for column in range(n_columns):
                first = start[row, column]
                np.multiply(self._numbers[first : first + length], sign[row, column], out=out[row, column])
        return out
