"""What is measured on records, simulated or real, to compare the two.

References:
    Brune, J. N. (1970), Journal of Geophysical Research 75, 4997-5009, doi:10.1029/JB075i026p04997.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.records.quality import gap_legacy, snr_legacy
from seismic_lightning.simulation import source
from seismic_lightning.simulation.block import WINDOW_BEFORE_PICK_S, WINDOW_S, Block
from seismic_lightning.simulation.rays import BEFORE_PICK_S

LEVEL_BAND_HZ = (1.0, 20.0)
LEVEL_WINDOWS_S = {
    "0-1 s after P": ("P", 0.0, 1.0),
    "1-3 s after P": ("P", 1.0, 3.0),
    "just before S": ("S", -1.5, -0.5),
    "5 s after S": ("S", 5.0, 7.0),
    "10 s after S": ("S", 10.0, 12.0),
    "20 s after S": ("S", 20.0, 22.0),
    "30 s after S": ("S", 30.0, 32.0),
    "40 s after S": ("S", 40.0, 42.0),
}
"""Parts of a record whose level is compared with that of S: phase, start and stop in seconds after it."""
S_WINDOW_S = (0.0, 2.0)
NOISE_WINDOW_S = (-6.0, -0.5)
"""Before P."""
POLARISATION_S = 1.0
"""Length of P whose motion is looked at."""
SPECTRUM_S = 8.0
"""Length of S, and of the noise before P, whose spectra are taken."""
FIT_BAND_HZ = (0.4, 40.0)
MIN_SPECTRAL_RATIO = 3.0


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


def envelope_levels(
    samples: NDArray[Any], rate_hz: float, p_s: NDArray[np.float64], s_s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compare the level of parts of a record with that of S, in 1-20 Hz.

    Args:
        samples: ``(n, N)`` of one component, any unit.
        rate_hz: Sampling rate.
        p_s: ``(n,)`` from the first sample to P.
        s_s: ``(n,)`` from the first sample to S.

    Returns:
        ``(n, 8)`` decadic logarithm of level over that of S for ``LEVEL_WINDOWS_S``; and ``(n,)`` level of S
        over that of the noise before P.
    """
    energy = np.concatenate(
        [np.zeros((len(samples), 1)), np.cumsum(filtered(samples, rate_hz) ** 2, axis=1)], axis=1
    )
    onset_s = {"P": p_s, "S": s_s}
    row = np.arange(len(samples))

    def level(phase: str, start_s: float, stop_s: float) -> NDArray[np.float64]:
        first, last = (np.rint((onset_s[phase] + edge) * rate_hz).astype(int) for edge in (start_s, stop_s))
        return np.asarray(np.sqrt((energy[row, last] - energy[row, first]) / (last - first)))

    of_s = level("S", *S_WINDOW_S)
    levels = np.stack([np.log10(level(*window) / of_s) for window in LEVEL_WINDOWS_S.values()], axis=1)
    return levels, of_s / level("P", *NOISE_WINDOW_S)


def back_azimuth_deg(samples: NDArray[Any], rate_hz: float, p_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate the direction to the source from the motion of P.

    The ground moves up and away from the source, or down and towards it: the horizontal that goes with the
    vertical points away.

    Args:
        samples: ``(n, 3, N)`` Z, N, E in one unit.
        rate_hz: Sampling rate.
        p_s: ``(n,)`` from the first sample to P.

    Returns:
        ``(n,)`` degrees clockwise from north.
    """
    first = np.rint(p_s * rate_hz).astype(int)
    place = first[:, None] + np.arange(round(POLARISATION_S * rate_hz))
    motion = np.take_along_axis(samples.astype(np.float64), place[:, None, :], axis=2)
    motion -= motion.mean(axis=2, keepdims=True)
    north, east = (np.einsum("nt,nt->n", motion[:, 0], motion[:, row]) for row in (1, 2))
    return np.asarray(np.rad2deg(np.arctan2(-east, -north)) % 360.0)


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
    part = energy[first : first + int(np.argmax(smooth)) + round(rate_hz)]
    split = np.arange(10, part.size - 10)
    total = np.cumsum(part)
    before, after = total[split - 1] / split, (total[-1] - total[split - 1]) / (part.size - split)
    criterion = split * np.log(before) + (part.size - split) * np.log(after)
    return float(start_s + split[np.argmin(criterion)] / rate_hz)


def filtered(samples: NDArray[Any], rate_hz: float) -> NDArray[np.float64]:
    """Return ``(..., N)`` samples without their mean, in ``LEVEL_BAND_HZ``, filtered forwards."""
    from scipy.signal import iirfilter, sosfilt  # here: scipy.signal takes a second to import

    corners = [corner / (rate_hz / 2) for corner in LEVEL_BAND_HZ]
    sos = iirfilter(4, corners, btype="band", ftype="butter", output="sos")
    return np.asarray(sosfilt(sos, samples - samples.mean(axis=-1, keepdims=True), axis=-1))


def source_spectrum(
    horizontal: NDArray[Any], rate_hz: float, onsets_s: tuple[float, float], path: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the spectrum of S as it left the source, from a record with known losses.

    Args:
        horizontal: ``(2, N)`` ground velocity, any unit.
        rate_hz: Sampling rate.
        onsets_s: From the first sample to P and to S.
        path: Hypocentral distance in km, and kappa of S in seconds.

    Returns:
        Frequencies ``(F,)`` within ``FIT_BAND_HZ`` and velocity amplitudes ``(F,)``, NaN where noise is near.
    """
    p_s, s_s = onsets_s
    length = round(SPECTRUM_S * rate_hz)
    window = np.hanning(length)
    starts = (round((p_s - 0.5) * rate_hz) - length, round((s_s - 0.5) * rate_hz))
    noise, signal = (
        np.sqrt((np.abs(np.fft.rfft((part - part.mean(axis=1, keepdims=True)) * window)) ** 2).mean(axis=0))
        for part in (horizontal[:, start : start + length] for start in starts)
    )
    frequency_hz = np.fft.rfftfreq(length, 1 / rate_hz).astype(np.float64)
    band = (frequency_hz >= FIT_BAND_HZ[0]) & (frequency_hz <= FIT_BAND_HZ[1])
    frequency_hz, noise, signal = frequency_hz[band], noise[band], signal[band]
    quality = source.QUALITY * np.maximum(frequency_hz, source.QUALITY_CORNER_HZ) ** source.QUALITY_EXPONENT
    travel_s = path[0] * 1e3 / source.S_VELOCITY_M_S
    restored = signal * np.exp(np.pi * frequency_hz * (travel_s / quality + path[1]))
    return frequency_hz, np.where(signal > MIN_SPECTRAL_RATIO * noise, restored, np.nan)


def fitted_corner_hz(frequency_hz: NDArray[np.float64], spectrum: NDArray[np.float64]) -> float:
    """Fit Brune's source to a velocity spectrum, in logarithms, level free.

    Args:
        frequency_hz: ``(F,)``.
        spectrum: ``(F,)``; NaN is left out.

    Returns:
        Corner frequency, from a grid of 2 % steps.
    """
    use = np.isfinite(spectrum)
    frequency_hz, observed = frequency_hz[use], np.log(spectrum[use])
    weight = 1 / frequency_hz  # every octave counts the same
    corners_hz = np.exp(np.arange(np.log(0.2), np.log(60.0), 0.02))
    shape = np.log(frequency_hz / (1 + (frequency_hz / corners_hz[:, None]) ** 2))
    misfit = observed - shape
    misfit -= np.average(misfit, axis=1, weights=weight)[:, None]
    return float(corners_hz[np.argmin((misfit**2 * weight).sum(axis=1))])
