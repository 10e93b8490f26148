"""Shape of P and S in time: the direct wave's window and the coda behind it.

The direct wave has the window of Saragoni and Hart, ``(t/d)^b exp(-c t/d)``, scaled to unit energy so that
the spectrum keeps its level. Coda adds to it: after S it decays as ``1/t exp(-k t)`` of single scattering,
after P faster.

References:
    Saragoni, G. R., Hart, G. C. (1973), Simulation of artificial earthquakes, Earthquake Engineering and
    Structural Dynamics 2, 249-267.
    Boore, D. M., Thompson, E. M. (2014), Path durations for use in the stochastic-method simulation of ground
    motions, Bulletin of the Seismological Society of America 104(5), doi:10.1785/0120140058.
    Aki, K., Chouet, B. (1975), Origin of coda waves, Journal of Geophysical Research 80, 3322-3342.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

PATH_KM = np.array([0.0, 7.0, 45.0, 125.0, 175.0, 270.0])
PATH_DURATION_S = np.array([0.0, 2.4, 8.4, 10.9, 17.4, 34.2])
PEAK_SHARE, FINAL_LEVEL = 0.12, 0.05
"""The window peaks at this share of its duration and has fallen to this level at its end."""
S_DURATION = (0.5, 0.35, 0.3)
"""Duration of S: source part over fc, share of the path duration, seconds."""
P_DURATION = (0.33, 0.4, 0.2)
WINDOW_STRETCH = 2.0
"""The windows of P and S are stretched by this over their durations."""
S_CODA, S_CODA_DECAY_PER_S, S_CODA_RISE = 0.45, 0.025, 0.7
"""Level against the peak of S, decay, and rise time over the duration of S. Published Qc of 51 f^0.91 to
112 f^0.72 gives a decay that hardly depends on frequency."""
P_CODA, P_CODA_DECAY_PER_S, P_CODA_RISE = 0.85, 0.06, 0.5
P_CODA_END_S, P_CODA_TAPER_S = 34.0, 20.0
"""P coda ends here, tapered over this."""
JITTER_DEX = 0.15
"""Standard deviation over records of each duration and coda level."""
CODA_KM = 15.0
"""Codas are weaker in proportion nearer than this, where records of small earthquakes last 2 to 3 s."""
_FLOOR_S = np.float32(0.1)


class Shape(NamedTuple):
    """Durations and coda levels of ``B`` records, each ``(B, 1)`` float32.

    Attributes:
        p_duration_s: Of direct P.
        s_duration_s: Of direct S.
        p_coda: Level relative to the peak of P.
        s_coda: Level relative to the peak of S.
    """

    p_duration_s: NDArray[np.float32]
    s_duration_s: NDArray[np.float32]
    p_coda: NDArray[np.float32]
    s_coda: NDArray[np.float32]


def draw_shape(
    corner_hz: NDArray[np.float64], slant_km: NDArray[np.float64], rng: np.random.Generator
) -> Shape:
    """Draw the shape of records.

    Args:
        corner_hz: ``(B,)`` corner frequency of S.
        slant_km: ``(B,)`` hypocentral distance.
        rng: Generator.
    """
    path_s = np.interp(slant_km, PATH_KM, PATH_DURATION_S)
    jitter = 10 ** rng.normal(0.0, JITTER_DEX, (4, slant_km.size))

    def duration_s(parts: tuple[float, float, float]) -> NDArray[np.float64]:
        return np.asarray(parts[0] / corner_hz + parts[1] * path_s + parts[2])

    share = np.minimum(slant_km / CODA_KM, 1.0)
    values = (duration_s(P_DURATION), duration_s(S_DURATION), P_CODA * share, S_CODA * share)
    return Shape(
        *((value * row).astype(np.float32)[:, None] for value, row in zip(values, jitter, strict=True))
    )


def p_envelope(after_p_s: NDArray[np.float32], shape: Shape) -> NDArray[np.float32]:
    """Return the window of P and its coda.

    Args:
        after_p_s: ``(B, N)`` time since P.
        shape: Of the records.

    Returns:
        ``(B, N)``; the direct part has unit energy.
    """
    direct = _direct(after_p_s, WINDOW_STRETCH * shape.p_duration_s)
    late = np.maximum(after_p_s, 0)
    coda = -np.expm1(late / (-P_CODA_RISE * shape.p_duration_s)).astype(np.float32)
    coda *= np.exp(np.float32(-P_CODA_DECAY_PER_S) * late)
    coda *= np.clip((P_CODA_END_S - late) / np.float32(P_CODA_TAPER_S), 0, 1)
    coda *= shape.p_coda * direct.max(axis=1, keepdims=True)
    return _root_of_squares(direct, coda)


def s_envelope(
    after_s_s: NDArray[np.float32], s_travel_s: NDArray[np.float64], shape: Shape
) -> NDArray[np.float32]:
    """Return the window of S and its coda.

    Args:
        after_s_s: ``(B, N)`` time since S.
        s_travel_s: ``(B,)`` travel time of S.
        shape: Of the records.

    Returns:
        ``(B, N)``; the direct part has unit energy.
    """
    direct = _direct(after_s_s, WINDOW_STRETCH * shape.s_duration_s)
    late = np.maximum(after_s_s, 0)
    travel_s = s_travel_s.astype(np.float32)[:, None]
    coda = -np.expm1(late / (-S_CODA_RISE * shape.s_duration_s)).astype(np.float32)
    coda *= np.exp(np.float32(-S_CODA_DECAY_PER_S) * late)
    coda *= travel_s / np.maximum(late + travel_s, _FLOOR_S)
    coda *= shape.s_coda * direct.max(axis=1, keepdims=True)
    return _root_of_squares(direct, coda)


def _direct(after_s: NDArray[np.float32], duration_s: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return Saragoni and Hart's window with unit energy."""
    power = -PEAK_SHARE * np.log(FINAL_LEVEL) / (1 + PEAK_SHARE * (np.log(PEAK_SHARE) - 1))
    share = np.maximum(after_s / duration_s, np.float32(1e-6))
    # log and exp cost half of a power of float32 numbers.
    window: NDArray[np.float32] = np.log(share * np.float32(np.e / PEAK_SHARE))
    window *= np.float32(power)
    share *= np.float32(power / PEAK_SHARE)
    window -= share
    np.exp(window, out=window)
    window[after_s <= 0] = 0
    energy: NDArray[Any] = np.einsum("bn,bn->b", window, window)
    window /= np.sqrt(energy)[:, None] + np.float32(1e-9)
    return window


def _root_of_squares(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add two independent amplitudes, overwriting both."""
    first *= first
    second *= second
    first += second
    return np.asarray(np.sqrt(first, out=first), dtype=np.float32)
