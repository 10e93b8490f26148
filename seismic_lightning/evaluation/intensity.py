r"""Intensity measures of ground motion, component by component, for whole batches.

* PGA and PGV: the largest absolute acceleration and velocity.
* PSA(T): with :math:`\ddot u + 2\zeta\omega\dot u + \omega^2 u = -a`, :math:`\omega = 2\pi/T`,
  ``PSA = ω² max |u|``. The oscillator is solved exactly for an acceleration that runs in straight lines
  between samples; since its step is linear, the displacement alone obeys a recursion of second order, run
  over all records at once. The maximum is taken at samples: at 0.1 s and 100 Hz it may miss 5 % of a peak.
* Arias intensity :math:`I = \frac{\pi}{2g} \int a^2 dt`, in m/s, by trapezoids.
* D5-95: the time between 5 % and 95 % of :math:`\int a^2 dt` (Husid's curve), between samples by a line.

References:
    Nigam, N. C. and Jennings, P. C. (1969), Bulletin of the Seismological Society of America 59(2), 909-922,
    doi:10.1785/BSSA0590020909.
    Arias, A. (1970), in Seismic Design for Nuclear Power Plants, MIT Press, 438-483.
    Husid, R. (1969), Revista del IDIEM 8(1), 21-42.
    Trifunac, M. D. and Brady, A. G. (1975), Bulletin of the Seismological Society of America 65(3), 581-626,
    doi:10.1785/BSSA0650030581.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.motion import Motion

PERIODS_S = (0.1, 0.3, 1.0)
DAMPING = 0.05
GRAVITY_MPS2 = 9.80665
HUSID_SHARES = (0.05, 0.95)


class Intensity(NamedTuple):
    """Intensity measures of each component.

    Attributes:
        pga_mps2: ``(B, C)``.
        pgv_mps: ``(B, C)``.
        psa_mps2: ``(B, C, P)`` for the periods that were asked for.
        arias_mps: ``(B, C)``.
        d5_95_s: ``(B, C)``.
    """

    pga_mps2: NDArray[np.float64]
    pgv_mps: NDArray[np.float64]
    psa_mps2: NDArray[np.float64]
    arias_mps: NDArray[np.float64]
    d5_95_s: NDArray[np.float64]


def intensity(motion: Motion, periods_s: tuple[float, ...] = PERIODS_S) -> Intensity:
    """Take all measures of a batch.

    Args:
        motion: Ground motion of the batch.
        periods_s: Periods of the oscillators.

    Returns:
        Measures of each component.

    Raises:
        EvaluationError: A component is silent: it has neither a duration nor a logarithm.
    """
    acceleration = motion.acceleration_mps2
    pga = np.abs(acceleration).max(axis=-1)
    silent = np.argwhere(pga <= 0.0)
    if len(silent):
        record, component = silent[0]
        raise EvaluationError(
            f"waveforms: component {component} of record {record} is silent, and {len(silent) - 1} more; "
            "leave such records out and count them"
        )
    return Intensity(
        pga_mps2=pga,
        pgv_mps=np.abs(motion.velocity_mps).max(axis=-1),
        psa_mps2=pseudo_acceleration_mps2(acceleration, motion.rate_hz, periods_s),
        arias_mps=arias_mps(acceleration, motion.rate_hz),
        d5_95_s=significant_duration_s(acceleration, motion.rate_hz),
    )


def pseudo_acceleration_mps2(
    acceleration_mps2: NDArray[np.float64],
    rate_hz: float,
    periods_s: tuple[float, ...] = PERIODS_S,
    damping: float = DAMPING,
) -> NDArray[np.float64]:
    """Return the response spectrum.

    Args:
        acceleration_mps2: ``(..., N)``, at rest before the first sample.
        rate_hz: Sampling rate.
        periods_s: Periods of the oscillators, above 0.
        damping: Share of critical damping, from 0 to below 1.

    Returns:
        ``(..., len(periods_s))`` in m/s².

    Raises:
        EvaluationError: A period or damping that no oscillator has.
    """
    from scipy.signal import lfilter  # here: scipy.signal takes a second to import

    if min(periods_s) <= 0.0 or not 0.0 <= damping < 1.0:
        raise EvaluationError(
            f"an oscillator needs period > 0 and damping in [0, 1): {periods_s=}, {damping=}"
        )
    peaks = []
    for period_s in periods_s:
        numerator, denominator, start = _recursion(2.0 * np.pi / period_s, damping, 1.0 / rate_hz)
        state = acceleration_mps2[..., :1] * start
        displacement, _ = lfilter(numerator, denominator, acceleration_mps2, axis=-1, zi=state)
        peaks.append((2.0 * np.pi / period_s) ** 2 * np.abs(displacement).max(axis=-1))
    return np.stack(peaks, axis=-1)


def arias_mps(acceleration_mps2: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Return the Arias intensity.

    Args:
        acceleration_mps2: ``(..., N)``.
        rate_hz: Sampling rate.

    Returns:
        ``(...)`` in m/s.
    """
    energy = np.trapezoid(acceleration_mps2**2, dx=1.0 / rate_hz, axis=-1)
    return np.asarray(np.pi / (2.0 * GRAVITY_MPS2) * energy)


def significant_duration_s(
    acceleration_mps2: NDArray[np.float64], rate_hz: float, shares: tuple[float, float] = HUSID_SHARES
) -> NDArray[np.float64]:
    """Return the time between two shares of Husid's curve.

    Args:
        acceleration_mps2: ``(..., N)``, not silent.
        rate_hz: Sampling rate.
        shares: Between 0 and 1, the lower one first.

    Returns:
        ``(...)`` in seconds.
    """
    square = acceleration_mps2**2
    energy = np.cumsum((square[..., 1:] + square[..., :-1]) / 2.0, axis=-1)
    energy = np.concatenate([np.zeros((*energy.shape[:-1], 1)), energy], axis=-1)
    first, last = (_crossing(energy / energy[..., -1:], share) for share in shares)
    return np.asarray((last - first) / rate_hz)


def _crossing(curve: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Return where curves from 0 to 1 reach a share, in samples, between samples by a line."""
    after = (curve < share).sum(axis=-1)
    low, high = (np.take_along_axis(curve, place[..., None], -1)[..., 0] for place in (after - 1, after))
    return np.asarray(after - 1 + (share - low) / (high - low))


def _recursion(
    omega: float, damping: float, step_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return numerator, denominator and starting state, per acceleration, of the displacement's recursion.

    One step is ``x₁ = A x₀ + b₀ a₀ + b₁ a₁`` with ``x = (u, v)``. Eliminating v leaves
    ``u₂ = tr(A) u₁ - det(A) u₀ + …`` (Cayley and Hamilton).
    """
    from scipy.linalg import expm  # here: scipy takes a while to import

    # The exponential of the system with the acceleration and its slope as two more states.
    system = np.zeros((4, 4))
    system[0, 1] = 1.0
    system[1] = [-(omega**2), -2.0 * damping * omega, -1.0, 0.0]
    system[2, 3] = 1.0 / step_s
    exponential = expm(system * step_s)
    matrix, after = exponential[:2, :2], exponential[:2, 3]
    before = exponential[:2, 2] - after
    denominator = np.array([1.0, -np.trace(matrix), np.linalg.det(matrix)])
    # u of the next step but one: A b + b of the first component, less trace(A) b
    swap = matrix - np.trace(matrix) * np.eye(2)
    numerator = np.array([after[0], before[0] + (swap @ after)[0], (swap @ before)[0]])
    start = np.array([-numerator[0], before[0] - numerator[1]])
    return numerator, denominator, start
