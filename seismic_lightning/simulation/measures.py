"""What is measured on simulated records to compare them with real ones; more of it in ``records``."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.records.akaike import onset_sample
from seismic_lightning.records.levels import filtered
from seismic_lightning.records.quality import gap_legacy, snr_legacy
from seismic_lightning.simulation.block import WINDOW_BEFORE_PICK_S, WINDOW_S, Block
from seismic_lightning.simulation.rays import BEFORE_PICK_S


class Quality(NamedTuple):
    """The original practice's figures.

    Attributes:
        snr: ``(n, 3)`` ratio of Z, N and E; NaN where there is none.
        gap: ``(n, 3)`` share that is missing or exactly zero.
    """

    snr: NDArray[np.float64]
    gap: NDArray[np.float64]


def archived(block: Block) -> slice:
    """Return the samples of a block that were archived originally: 10 s before the reading to 60 s after."""
    first = round((BEFORE_PICK_S - WINDOW_BEFORE_PICK_S) * block.sampling_rate_hz)
    return slice(first, first + round(WINDOW_S * block.sampling_rate_hz) + 1)


def legacy_quality(block: Block) -> Quality:
    """Measure ratio and gap of a block as the original practice did."""
    part, rate_hz = archived(block), block.sampling_rate_hz
    counts = block.counts[:, :, part].reshape(-1, part.stop - part.start)
    missing = block.missing[:, :, part].reshape(counts.shape)
    return Quality(
        snr=snr_legacy(counts, missing, rate_hz, WINDOW_BEFORE_PICK_S).reshape(-1, 3),
        gap=gap_legacy(counts, missing, rate_hz, WINDOW_S).reshape(-1, 3),
    )


def mean_energy(samples: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Return ``(C, N)`` energy over time in ``LEVEL_BAND_HZ``, mean over records of equal weight.

    Args:
        samples: ``(n, C, N)``, any unit.
        rate_hz: Sampling rate.
    """
    energy = filtered(samples, rate_hz) ** 2
    return np.asarray((energy / energy.mean(axis=(1, 2), keepdims=True)).mean(axis=0))


def onset_s(energy: NDArray[np.float64], rate_hz: float, start_s: float) -> float:
    """Find when energy sets in: the split of lowest Akaike criterion, up to its maximum.

    Args:
        energy: ``(N,)``, of which each part is taken for stationary.
        rate_hz: Sampling rate.
        start_s: Where the search starts.

    Returns:
        Seconds from the first sample.
    """
    first = round(start_s * rate_hz)
    smooth = np.convolve(energy[first:], np.ones(round(rate_hz)) / rate_hz, mode="valid")
    last = first + int(np.argmax(smooth)) + round(rate_hz)
    return float(onset_sample(energy[None], np.array([first]), np.array([last]))[0]) / rate_hz
