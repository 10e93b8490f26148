"""How the ground moves when P arrives.

A rectilinear P moves it along its ray, hence in the vertical plane through the source.

References:
    Jurkevics, A. (1988), Polarization analysis of three-component array data, Bulletin of the Seismological
    Society of America 78(5), 1725-1743, doi:10.1785/BSSA0780051725.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.records.levels import nearest_sample

POLARISATION_S = 1.0
"""Length of P whose motion is looked at."""


def back_azimuth_deg(samples: NDArray[Any], rate_hz: float, p_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate the direction to the source from the motion of P.

    The ground moves up and away from the source, or down and towards it: the horizontal that goes with the
    vertical points away.

    Args:
        samples: ``(n, 3, N)`` Z, N, E in one unit.
        rate_hz: Sampling rate.
        p_s: ``(n,)`` from the first sample to P.

    Returns:
        ``(n,)`` degrees clockwise from north, NaN where the record does not hold the P.
    """
    covariance = p_covariance(samples, rate_hz, p_s)
    north, east = covariance[:, 0, 1], covariance[:, 0, 2]
    return np.asarray(np.rad2deg(np.arctan2(-east, -north)) % 360.0)


def rectilinearity(samples: NDArray[Any], rate_hz: float, p_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure how near to a line the ground moves in P.

    ``1 - (l2 + l3) / (2 l1)`` of the eigenvalues ``l1 >= l2 >= l3`` of the covariance of the components.

    Args:
        samples: ``(n, 3, N)`` Z, N, E in one unit.
        rate_hz: Sampling rate.
        p_s: ``(n,)`` from the first sample to P.

    Returns:
        ``(n,)`` from 0 (a ball) to 1 (a line), NaN where the record does not hold the P or it is silent.
    """
    covariance = p_covariance(samples, rate_hz, p_s)
    known = np.asarray(np.isfinite(covariance).all(axis=(1, 2)))
    values = np.linalg.eigvalsh(np.where(known[:, None, None], covariance, 0.0))
    sound = known & (values[:, 2] > 0.0)
    return np.where(
        sound, 1.0 - (values[:, 0] + values[:, 1]) / (2.0 * np.where(sound, values[:, 2], 1.0)), np.nan
    )


def p_covariance(samples: NDArray[Any], rate_hz: float, p_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``(n, 3, 3)`` covariance of the components in the first second of P, NaN where it is cut off."""
    first, length = nearest_sample(p_s, rate_hz), round(POLARISATION_S * rate_hz)
    held = (first >= 0) & (first + length <= samples.shape[-1])
    place = np.where(held, first, 0)[:, None] + np.arange(length)
    motion = np.take_along_axis(samples, place[:, None, :], axis=2).astype(np.float64)
    motion -= motion.mean(axis=2, keepdims=True)
    covariance = np.einsum("nit,njt->nij", motion, motion) / length
    return np.where(held[:, None, None], covariance, np.nan)
