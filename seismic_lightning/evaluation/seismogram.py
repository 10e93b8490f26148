"""What a seismologist would read from each record, as one table: the family of measures without pairs.

One row per record, NaN where a record does not tell; medians, slopes and detection rates are then taken over
rows, for generated records and for real ones alike.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.evaluation import components, magnitude, onsets, source
from seismic_lightning.evaluation.envelopes import foot_before_p
from seismic_lightning.evaluation.waveforms import ONE_OR_THREE, per_record, waveforms
from seismic_lightning.records.levels import LEVEL_WINDOWS_S, envelope_levels
from seismic_lightning.records.quality import snr_legacy
from seismic_lightning.records.travel_time import KOERI

LEVELS = tuple(f"level, {part}" for part in LEVEL_WINDOWS_S)
COHERENCES = tuple(f"coherence {pair}" for pair in components.PAIRS)
NEED_THREE = (
    "s_minus_p_error_s", "horizontal_to_vertical", "p_rectilinearity", "polarisation_error_deg", *COHERENCES,
)  # fmt: skip
"""Columns that a vertical alone cannot fill."""
NEED_PLACE = (
    "magnitude", "s_over_noise", "corner_hz", *LEVELS, "s_minus_p_error_s", "horizontal_to_vertical",
    "polarisation_error_deg",
)  # fmt: skip
"""Columns that need to know where the source is."""
_ANY_DISTANCE_KM = 50.0
COLUMNS = (
    "magnitude", "snr", "p_error_s", "foot_dex", "p_over_noise", "s_over_noise", "corner_hz", *LEVELS,
    *NEED_THREE,
)  # fmt: skip


class Known(NamedTuple):
    """What is known of the records, or was asked for; each one for all, or ``(B,)``.

    Attributes:
        p_s: From the first sample to P.
        distance_km: Epicentral; NaN where unknown, as of a record drawn from nothing.
        depth_km: Below sea level; likewise.
        back_azimuth_deg: From the station to the source.
        kappa_s: Near-site loss of S.
    """

    p_s: ArrayLike
    distance_km: ArrayLike
    depth_km: ArrayLike
    back_azimuth_deg: ArrayLike
    kappa_s: ArrayLike = source.KAPPA_S


def seismogram_table(velocity_m_s: ArrayLike, rate_hz: float, known: Known) -> pd.DataFrame:
    """Read records.

    S is expected where the model of Kandilli puts it, but for the S that is looked for.

    Args:
        velocity_m_s: ``(B, 3, N)`` ground velocity Z, N, E, or ``(B, 1, N)`` of Z alone. Of records in counts
            the magnitude means nothing, all else holds.
        rate_hz: Sampling rate.
        known: What is known of them.

    Returns:
        ``B`` rows of ``COLUMNS``: ``snr`` is the legacy ratio of Z, ``s_minus_p_error_s`` that of the S found
        against the model; ``NEED_THREE`` is NaN for Z alone, ``NEED_PLACE`` for sources of unknown place.

    Raises:
        EvaluationError: Other components, samples that are not finite, or other numbers of figures.
    """
    samples = waveforms("velocity_m_s", velocity_m_s, ONE_OR_THREE)
    given = Known(*(per_record(name, part, len(samples)) for name, part in known._asdict().items()))
    # Whose place is unknown is read as if it had one, and what rests on it is taken out again.
    placed = np.isfinite(given.distance_km) & np.isfinite(given.depth_km)
    figures = given._replace(
        distance_km=np.where(placed, given.distance_km, _ANY_DISTANCE_KM),
        depth_km=np.where(placed, given.depth_km, 0.0),
    )
    p_s, distance_km, depth_km = (np.asarray(part) for part in figures[:3])
    model = KOERI.arrivals(distance_km, depth_km)
    s_s = p_s + model.s_s - model.p_s
    levels, s_over_noise = envelope_levels(samples[:, 0], rate_hz, p_s, s_s)
    corner_hz = source.corner_frequencies_hz(
        samples, rate_hz, p_s=p_s, s_s=s_s, distance_km=np.hypot(distance_km, depth_km),
        kappa_s=figures.kappa_s,
    )  # fmt: skip
    values = (
        magnitude.local_magnitude(samples, rate_hz, p_s=p_s, distance_km=distance_km),
        _snr(samples, rate_hz, p_s),
        onsets.p_onset_s(samples, rate_hz) - p_s,
        *foot_before_p(samples[:, 0], rate_hz, p_s),
        s_over_noise,
        corner_hz,
        *levels.T,
        *_of_components(samples, rate_hz, figures, s_s),
    )
    table = pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))
    table.loc[~placed, list(NEED_PLACE)] = np.nan
    return table


def _snr(samples: NDArray[np.float64], rate_hz: float, p_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the legacy ratio of each vertical."""
    whole = np.zeros((1, samples.shape[-1]), dtype=np.bool_)
    ratios = [snr_legacy(row[:1], whole, rate_hz, float(p))[0] for row, p in zip(samples, p_s, strict=True)]
    return np.array(ratios)


def _of_components(
    samples: NDArray[np.float64], rate_hz: float, known: Known, s_s: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Return the columns of ``NEED_THREE``."""
    if samples.shape[1] == 1:
        return [np.full(len(samples), np.nan)] * len(NEED_THREE)
    found_s = onsets.s_onset_s(samples, rate_hz, known.p_s)
    return [
        onsets.s_minus_p_error_s(known.p_s, found_s, known.distance_km, known.depth_km),
        components.horizontal_to_vertical(samples, rate_hz, s_s),
        components.p_rectilinearity(samples, rate_hz, known.p_s),
        components.polarisation_error_deg(samples, rate_hz, known.p_s, known.back_azimuth_deg),
        *components.coherence(samples, rate_hz, known.p_s).T,
    ]
