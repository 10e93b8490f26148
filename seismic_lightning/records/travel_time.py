"""Arrivals of the first waves in a layered Earth.

Records without an analyst's pick, at any distance, take their P from ObsPy's TauP with the iasp91 model, the
earliest of P, p, Pn and Pg. Correcting the model for a source depth is dearer than a single arrival, hence
the records of one event share it.

Local earthquakes have a model of flat layers of their own, in closed form and for whole arrays: the direct
wave, whose ray parameter ``p`` follows from its distance ``X(p) = sum h p v / sqrt(1 - p^2 v^2)``, and the
head waves, which travel along the top of layer ``k`` with ``p = 1 / v_k`` and arrive at
``p X + sum h sqrt(1 / v^2 - p^2)``. With one ratio of velocities in all layers S takes the same rays as P.

References:
    Kennett, B. L. N., Engdahl, E. R. (1991), Traveltimes for global earthquake location and phase
    identification, Geophysical Journal International 105, 429-465, doi:10.1111/j.1365-246X.1991.tb06724.x.
    Crotwell, H. P., Owens, T. J., Ritsema, J. (1999), The TauP Toolkit, Seismological Research Letters 70,
    154-160.
    Kalafat, D., Gurbuz, C., Ucer, S. B. (1987), Bati Turkiye'de kabuk ve ust manto yapisinin arastirilmasi,
    Deprem Arastirma Bulteni 59, 43-64.
"""

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seismic_lightning.records.catalogue import P_PHASES

if TYPE_CHECKING:
    from obspy.taup.seismic_phase import SeismicPhase
    from obspy.taup.tau_model import TauModel

MODEL = "iasp91"
PG_LIMIT_KM = 120.0
"""Distance from which KOERI's analysts call the first arrival Pn: their last Pg lies at 119.5 km, their first
Pn at 122.9 km (bulletin of 2023-12-04)."""
_BISECTIONS = 45
"""Halvings of the interval of ray parameters: enough to exhaust half of a double's mantissa."""
_MIN_DEPTH_KM = 0.05
"""Sources at or above the surface are put here, so that their direct ray has a layer to travel in."""


class Arrivals(NamedTuple):
    """First arrivals of P and S, arrays of one shape.

    Attributes:
        p_s: Travel time of P, seconds.
        s_s: Travel time of S, seconds.
        ray_parameter_s_per_km: Horizontal slowness of that P.
        head: True where it is a head wave, False where it is the direct wave.
    """

    p_s: NDArray[np.float64]
    s_s: NDArray[np.float64]
    ray_parameter_s_per_km: NDArray[np.float64]
    head: NDArray[np.bool_]


@dataclass(frozen=True)
class LayeredModel:
    """Flat homogeneous layers over a half-space.

    Attributes:
        tops_km: Depth of the top of each layer, ascending from 0.
        vp_km_s: P velocity of each layer, ascending.
        vp_vs: Ratio of P to S velocity in all layers.
    """

    tops_km: tuple[float, ...]
    vp_km_s: tuple[float, ...]
    vp_vs: float

    def arrivals(self, distance_km: ArrayLike, depth_km: ArrayLike) -> Arrivals:
        """Return the first arrivals at stations at sea level.

        Args:
            distance_km: Epicentral distance; broadcasts with ``depth_km``.
            depth_km: Source depth; sources above 50 m are put there.

        Returns:
            Times and ray parameters of the common shape.

        Example:
            >>> arrivals = KOERI.arrivals([10.0, 150.0], 8.0)
            >>> arrivals.p_s.round(2), arrivals.head
            (array([ 2.59, 25.71]), array([False,  True]))
        """
        distance, depth = np.broadcast_arrays(
            np.asarray(distance_km, dtype=np.float64),
            np.maximum(np.asarray(depth_km, np.float64), _MIN_DEPTH_KM),
        )
        best_s, ray_parameter = self._direct(distance, depth)
        head = np.zeros(distance.shape, dtype=np.bool_)
        for layer in range(1, len(self.tops_km)):
            time_s = self._head(layer, distance, depth)
            earlier = time_s < best_s
            best_s = np.where(earlier, time_s, best_s)
            ray_parameter = np.where(earlier, 1.0 / self.vp_km_s[layer], ray_parameter)
            head |= earlier
        return Arrivals(best_s, best_s * self.vp_vs, ray_parameter, head)

    def _direct(
        self, distance_km: NDArray[np.float64], depth_km: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return time and ray parameter of the wave that only rises."""
        tops, velocity = np.array(self.tops_km), np.array(self.vp_km_s)
        bottoms = np.append(tops[1:], np.inf)
        path = np.clip(np.minimum(bottoms, depth_km[..., None]) - tops, 0.0, None)
        fastest = np.where(path > 0.0, velocity, 0.0).max(axis=-1)
        low, high = np.zeros(distance_km.shape), (1.0 - 1e-9) / fastest
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            sine = np.minimum(middle[..., None] * velocity, 1.0 - 1e-12)
            short = (path * sine / np.sqrt(1.0 - sine**2)).sum(axis=-1) < distance_km
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        ray_parameter = 0.5 * (low + high)
        # Intercept and slope rather than the ray's length: stationary in p, hence exact however steep X(p).
        slowness_z = np.sqrt(np.maximum(velocity**-2.0 - ray_parameter[..., None] ** 2, 0.0))
        return ray_parameter * distance_km + (path * slowness_z).sum(axis=-1), ray_parameter

    def _head(
        self, layer: int, distance_km: NDArray[np.float64], depth_km: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the time of the wave along the top of a layer, infinite where there is none."""
        tops, velocity = np.array(self.tops_km), np.array(self.vp_km_s)
        up = np.diff(tops[: layer + 1])
        down = np.clip(tops[1 : layer + 1] - np.maximum(tops[:layer], depth_km[..., None]), 0.0, None)
        path = up + down
        sine = velocity[:layer] / velocity[layer]
        critical_km = (path * sine / np.sqrt(1.0 - sine**2)).sum(axis=-1)
        delay_s = (path * np.sqrt(1.0 - sine**2) / velocity[:layer]).sum(axis=-1)
        exists = (distance_km >= critical_km) & (depth_km < tops[layer])
        return np.where(exists, distance_km / velocity[layer] + delay_s, np.inf)


KOERI = LayeredModel(tops_km=(0.0, 5.4, 31.6, 89.2), vp_km_s=(4.50, 5.91, 7.80, 8.30), vp_vs=1.73)
"""Routine model of the Kandilli Observatory, recovered from its bulletin of 2023-12-04: observed time minus
residual against this model has a median misfit of 0.04 s over 1,372 Pg and 219 Sg. It is the one usually
cited as Kalafat et al. (1987). Elevations are ignored, as by the observatory's locator."""


def phase_label(distance_km: float) -> str:
    """Return the name KOERI's analysts give to the first P arrival.

    Args:
        distance_km: Epicentral distance.

    Example:
        >>> phase_label(80.0), phase_label(140.0)
        ('Pg', 'Pn')
    """
    return "Pg" if distance_km < PG_LIMIT_KM else "Pn"


def p_travel_time_s(depth_km: float, distance_deg: float) -> float | None:
    """Return the travel time of the first P arrival.

    Args:
        depth_km: Source depth below sea level; sources above it are put at the surface.
        distance_deg: Epicentral distance along the great circle, degrees.

    Returns:
        Seconds after the origin, or None where the phases do not arrive (beyond about 98 degrees).
    """
    times_s = [
        float(arrival.time)
        for phase in _phases(max(float(depth_km), 0.0))
        for arrival in phase.calc_time(distance_deg)
    ]
    return min(times_s, default=None)


@functools.lru_cache(maxsize=1)
def _model() -> "TauModel":
    from obspy.taup import TauPyModel  # here: takes seconds to import, and archives with picks never need it

    return TauPyModel(MODEL).model


@functools.lru_cache(maxsize=16)
def _phases(depth_km: float) -> "tuple[SeismicPhase, ...]":
    from obspy.taup.seismic_phase import SeismicPhase

    model = _model().depth_correct(depth_km)
    if depth_km > 0.0:
        model = model.split_branch(0.0)
    return tuple(SeismicPhase(name, model, 0.0) for name in P_PHASES)
