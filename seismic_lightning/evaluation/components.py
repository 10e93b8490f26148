r"""Three components that belong to one ground motion.

Components whose phases are recovered one by one lose what binds them: P then no longer moves along a line
towards the source. Measured are the ratio of horizontal to vertical S, how rectilinear P is, whether its
motion points along the back-azimuth, and the coherence of the components after P,

.. math:: \gamma^2_{xy}(f) = \frac{|\overline{X^* Y}|^2}{\overline{|X|^2}\;\overline{|Y|^2}},

means over overlapping segments, averaged over 1-20 Hz. Unrelated components have one over the number of
independent segments rather than 0; real records of the same length give the value to compare with.

References:
    Jurkevics, A. (1988), Bulletin of the Seismological Society of America 78(5), 1725-1743,
    doi:10.1785/BSSA0780051725: rectilinearity.
    Carter, G. C., Knapp, C. H., Nuttall, A. H. (1973), IEEE Transactions on Audio and Electroacoustics 21(4),
    337-344, doi:10.1109/TAU.1973.1162496: coherence by overlapping segments, and its bias.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.evaluation.waveforms import THREE, per_record, waveforms
from seismic_lightning.records import polarisation
from seismic_lightning.records.levels import (
    LEVEL_BAND_HZ,
    S_WINDOW_S,
    filtered,
    nearest_sample,
    running_total,
    window_mean,
)

PAIRS = {"Z, N": (0, 1), "Z, E": (0, 2), "N, E": (1, 2)}
COHERENCE_S, SEGMENT_S = 4.0, 0.5
"""Length after P that is looked at, in segments that overlap by half."""


def horizontal_to_vertical(samples: ArrayLike, rate_hz: float, s_s: ArrayLike) -> NDArray[np.float64]:
    """Compare the level of S on the horizontals with that on the vertical, in 1-20 Hz.

    Args:
        samples: ``(B, 3, N)`` Z, N, E in one unit.
        rate_hz: Sampling rate.
        s_s: From the first sample to S, one for all or ``(B,)``.

    Returns:
        ``(B,)`` root mean square of one horizontal over that of Z; NaN where the record does not hold the S,
        or the vertical is silent.

    Raises:
        EvaluationError: Other components, or samples that are not finite.
    """
    checked = waveforms("samples", samples, THREE)
    onset_s = per_record("s_s", s_s, len(checked))
    total = running_total(filtered(checked, rate_hz) ** 2)
    vertical, north, east = (
        window_mean(total[:, component], rate_hz, onset_s, S_WINDOW_S) for component in range(3)
    )
    return np.sqrt((north + east) / 2.0 / np.where(vertical > 0.0, vertical, np.nan))


def p_rectilinearity(samples: ArrayLike, rate_hz: float, p_s: ArrayLike) -> NDArray[np.float64]:
    """Measure how near to a line the ground moves in the first second of P, in 1-20 Hz.

    Args:
        samples: ``(B, 3, N)`` Z, N, E in one unit.
        rate_hz: Sampling rate.
        p_s: From the first sample to P, one for all or ``(B,)``.

    Returns:
        ``(B,)`` from 0 (a ball) to 1 (a line), NaN where the record does not hold the P or it is silent.

    Raises:
        EvaluationError: Other components, or samples that are not finite.
    """
    checked = waveforms("samples", samples, THREE)
    onset_s = per_record("p_s", p_s, len(checked))
    return polarisation.rectilinearity(filtered(checked, rate_hz), rate_hz, onset_s)


def polarisation_error_deg(
    samples: ArrayLike, rate_hz: float, p_s: ArrayLike, back_azimuth_deg: ArrayLike
) -> NDArray[np.float64]:
    """Compare the direction from which P shakes the ground with that of the source.

    Args:
        samples: ``(B, 3, N)`` Z, N, E in one unit.
        rate_hz: Sampling rate.
        p_s: From the first sample to P, one for all or ``(B,)``.
        back_azimuth_deg: From the station to the source, one for all or ``(B,)``.

    Returns:
        ``(B,)`` degrees from -180 to 180, clockwise positive; NaN where the record does not hold the P.
        Phases that are unrelated between components give all angles alike: a median of 90 without sign.

    Raises:
        EvaluationError: Other components, or samples that are not finite.
    """
    checked = waveforms("samples", samples, THREE)
    onset_s = per_record("p_s", p_s, len(checked))
    found_deg = polarisation.back_azimuth_deg(filtered(checked, rate_hz), rate_hz, onset_s)
    turned_deg = found_deg - per_record("back_azimuth_deg", back_azimuth_deg, len(checked))
    return (turned_deg + 180.0) % 360.0 - 180.0


def coherence(samples: ArrayLike, rate_hz: float, p_s: ArrayLike) -> NDArray[np.float64]:
    """Measure how much the components have in common in the four seconds after P.

    Args:
        samples: ``(B, 3, N)`` Z, N, E.
        rate_hz: Sampling rate.
        p_s: From the first sample to P, one for all or ``(B,)``.

    Returns:
        ``(B, 3)`` mean magnitude-squared coherence in 1-20 Hz of the ``PAIRS``, from 0 to 1; NaN where the
        record does not hold the seconds, or a component is silent in them.

    Raises:
        EvaluationError: Other components, or samples that are not finite.
    """
    checked = waveforms("samples", samples, THREE)
    first = nearest_sample(per_record("p_s", p_s, len(checked)), rate_hz)
    length, segment = round(COHERENCE_S * rate_hz), round(SEGMENT_S * rate_hz)
    held = (first >= 0) & (first + length <= checked.shape[-1])
    place = np.where(held, first, 0)[:, None] + np.arange(length)
    part = np.take_along_axis(checked, place[:, None, :], axis=2)
    pieces = np.lib.stride_tricks.sliding_window_view(part, segment, axis=-1)[..., :: segment // 2, :]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(segment) / segment)
    spectra = np.fft.rfft((pieces - pieces.mean(axis=-1, keepdims=True)) * window)
    frequency_hz = np.fft.rfftfreq(segment, 1.0 / rate_hz)
    spectra = spectra[..., (frequency_hz >= LEVEL_BAND_HZ[0]) & (frequency_hz <= LEVEL_BAND_HZ[1])]
    cross = np.einsum("bisf,bjsf->bijf", spectra.conj(), spectra)
    power = np.einsum("biif->bif", cross).real
    known = np.where(held[:, None, None] & (power > 0.0), power, np.nan)
    values = [
        (np.abs(cross[:, i, j]) ** 2 / (known[:, i] * known[:, j])).mean(axis=-1) for i, j in PAIRS.values()
    ]
    return np.stack(values, axis=1)
