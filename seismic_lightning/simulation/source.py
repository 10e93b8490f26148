"""Spectra of P and S at a station: Brune's source, geometrical spreading, anelastic and near-site losses.

The Fourier amplitude of ground velocity of one horizontal component of S, or of P along its ray, in metres:

    V(f) = C M0 G(R) 2 pi f / (1 + (f / fc)^2) exp(-pi f (R / (Q(f) v) + kappa))

with ``C`` radiation pattern, free surface and energy partition over ``4 pi rho v^3``.

References:
    Boore, D. M. (2003), Simulation of ground motion using the stochastic method, Pure and Applied Geophysics
    160, 635-676, doi:10.1007/PL00012553.
    Brune, J. N. (1970), Tectonic stress and the spectra of seismic shear waves from earthquakes, Journal of
    Geophysical Research 75, 4997-5009, doi:10.1029/JB075i026p04997.
    Deichmann, N. (2017), Theoretical basis for the observed break in ML/Mw scaling between small and large
    earthquakes, Bulletin of the Seismological Society of America 107(2), doi:10.1785/0120160318.
    Horasan, G., Boztepe-Guney, A. (2004), S-wave attenuation in the Sea of Marmara, Physics of the Earth and
    Planetary Interiors 142, 215-224; Bindi, D. et al. (2006), Bulletin of the Seismological Society of
    America 96: published quality factors that bracket the one used here.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

DENSITY_KG_M3 = 2800.0
S_VELOCITY_M_S, P_VELOCITY_M_S = 3410.0, 5900.0
STRESS_DROP_PA = 3e6
STRESS_DROP_SD_DEX = 0.25
EQUAL_MAGNITUDE = 3.0
"""Mw equals ML from here on (ten events of the bulletin differ by 0.0 in the mean)."""
SMALL_EVENT_SLOPE = 2.0 / 3.0
"""Mw grows by this per unit of ML below it: attenuation flattens the pulse of a small event."""
QUALITY, QUALITY_EXPONENT, QUALITY_CORNER_HZ = 85.0, 0.95, 0.8
"""Q(f) = 85 f^0.95, constant below 0.8 Hz; 85 makes Wood-Anderson amplitudes follow KOERI's -log A0."""
SPREADING_KNEE_KM, FAR_SPREADING = 60.0, 0.7
"""1/R up to the knee, R^-0.7 beyond."""
_BRUNE = 0.4906
"""fc = 0.4906 beta (stress drop / M0)^(1/3) in SI units (Boore 2003, equation 4)."""
FREE_SURFACE = 2.0


class Phase(NamedTuple):
    """What distinguishes P from S in the spectrum.

    Attributes:
        velocity_m_s: At the source.
        factor: Radiation pattern, times partition onto components, times free surface.
        corner_ratio: Corner frequency over that of S.
        kappa_ratio: Near-site loss over that of S.
    """

    velocity_m_s: float
    factor: float
    corner_ratio: float
    kappa_ratio: float


S = Phase(S_VELOCITY_M_S, 0.55 * FREE_SURFACE * 0.707, 1.0, 1.0)
P = Phase(P_VELOCITY_M_S, 0.52 * FREE_SURFACE, 1.5, 0.8)


def moment_magnitude(local_magnitude: NDArray[Any]) -> NDArray[np.float64]:
    """Convert ML to Mw.

    Example:
        >>> moment_magnitude(np.array([1.5, 4.0]))
        array([2., 4.])
    """
    magnitude = np.asarray(local_magnitude, dtype=np.float64)
    below = EQUAL_MAGNITUDE + (magnitude - EQUAL_MAGNITUDE) * SMALL_EVENT_SLOPE
    return np.where(magnitude >= EQUAL_MAGNITUDE, magnitude, below)


def moment_nm(magnitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the seismic moment of a moment magnitude, newton metres: log10 M0 = 1.5 Mw + 9.05."""
    return np.asarray(10 ** (1.5 * magnitude + 9.05))


def magnitude_of_moment(moment: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the moment magnitude of a seismic moment, minus infinity where there is none."""
    with np.errstate(divide="ignore"):
        return np.asarray((np.log10(moment) - 9.05) / 1.5)


def corner_frequency_hz(
    moment: NDArray[np.float64], stress_drop_pa: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return Brune's corner frequency of S.

    Args:
        moment: Seismic moment, newton metres.
        stress_drop_pa: Stress drop.
    """
    return np.asarray(_BRUNE * S_VELOCITY_M_S * (stress_drop_pa / moment) ** (1.0 / 3.0))


def spreading(distance_km: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the geometrical spreading relative to 1 km at hypocentral distances."""
    far = (SPREADING_KNEE_KM / distance_km) ** FAR_SPREADING / SPREADING_KNEE_KM
    return np.where(distance_km < SPREADING_KNEE_KM, 1.0 / distance_km, far)


def t_star_s(frequency_hz: NDArray[Any], distance_km: float, kappa_s: float) -> NDArray[np.float64]:
    """Return the losses of S between source and station, which take ``exp(-pi f t*)`` of its amplitude.

    Args:
        frequency_hz: ``(F,)``.
        distance_km: Hypocentral distance.
        kappa_s: Near-site loss.

    Returns:
        ``(F,)`` seconds: travel time over quality factor, and kappa.
    """
    quality = QUALITY * np.maximum(frequency_hz, QUALITY_CORNER_HZ) ** QUALITY_EXPONENT
    return np.asarray(distance_km * 1e3 / S_VELOCITY_M_S / quality + kappa_s)


def velocity_spectrum_m(
    phase: Phase,
    frequency_hz: NDArray[Any],
    moment: NDArray[np.float64],
    corner_hz: NDArray[np.float64],
    path: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[Any]:
    """Return the Fourier amplitude spectrum of ground velocity.

    Args:
        phase: ``S`` or ``P``.
        frequency_hz: ``(F,)`` positive frequencies; their floating type is the result's.
        moment: ``(B,)`` newton metres.
        corner_hz: ``(B,)`` corner frequency of S.
        path: ``(B,)`` hypocentral distance in km, and ``(B,)`` kappa of S in seconds.

    Returns:
        ``(B, F)`` metres (m/s times s), without the amplification of the site.
    """
    distance_km, kappa_s = path
    dtype = frequency_hz.dtype
    quality = QUALITY * np.maximum(frequency_hz, QUALITY_CORNER_HZ) ** QUALITY_EXPONENT
    factor = phase.factor / (4 * np.pi * DENSITY_KG_M3 * phase.velocity_m_s**3)
    level = factor * moment * spreading(distance_km) / 1e3
    per_hz = -np.pi * frequency_hz
    spectrum: NDArray[Any] = (1e3 * distance_km / phase.velocity_m_s).astype(dtype)[:, None] * (
        per_hz / quality
    )
    spectrum += (phase.kappa_ratio * kappa_s).astype(dtype)[:, None] * per_hz
    np.exp(spectrum, out=spectrum)
    spectrum *= level.astype(dtype)[:, None] * (2 * np.pi * frequency_hz)
    spectrum /= 1.0 + (frequency_hz / (phase.corner_ratio * corner_hz).astype(dtype)[:, None]) ** 2
    return spectrum
