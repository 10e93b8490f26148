"""Arrival of the first compressional wave in a layered Earth, for records without an analyst's pick.

Times come from ObsPy's TauP with the iasp91 model, the earliest of P, p, Pn and Pg. Correcting the model for
a source depth is dearer than a single arrival, hence the records of one event share it.

References:
    Kennett, B. L. N., Engdahl, E. R. (1991), Traveltimes for global earthquake location and phase
    identification, Geophysical Journal International 105, 429-465, doi:10.1111/j.1365-246X.1991.tb06724.x.
    Crotwell, H. P., Owens, T. J., Ritsema, J. (1999), The TauP Toolkit, Seismological Research Letters 70,
    154-160.
"""

import functools
from typing import TYPE_CHECKING

from seismic_lightning.records.catalogue import P_PHASES

if TYPE_CHECKING:
    from obspy.taup.seismic_phase import SeismicPhase
    from obspy.taup.tau_model import TauModel

MODEL = "iasp91"


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
