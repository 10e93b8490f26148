"""The way of the waves as a condition: what physics makes of the places of source and station.

A model that is told latitudes and longitudes has to find out distance and direction for every station by
itself, and knows nothing of a station it has not seen. These figures say the same of any station whose place
is known.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.records.sphere import great_circle
from seismic_lightning.records.travel_time import KOERI

PATH_FIGURES = ("log_hypocentral_distance", "sine", "cosine", "p_travel_s", "s_minus_p_s")
"""Decimal logarithm of km; sine and cosine of the back-azimuth; times in KOERI's layers."""
MIN_DISTANCE_KM = 1.0
"""Nearer sources count as this far away: hypocentres are not known better."""


def path_figures(places: pd.DataFrame) -> NDArray[np.float64]:
    """Compute ``PATH_FIGURES`` for pairs of source and station.

    Args:
        places: Rows with ``source_latitude_deg``, ``source_longitude_deg``, ``source_depth_km``,
            ``station_latitude_deg`` and ``station_longitude_deg``.

    Returns:
        ``(n, 5)``; NaN where a place is unknown.
    """
    known = {name: column.to_numpy(dtype=np.float64, na_value=np.nan) for name, column in places.items()}
    distance_km, back_azimuth_deg = great_circle(
        (known["source_latitude_deg"], known["source_longitude_deg"]),
        (known["station_latitude_deg"], known["station_longitude_deg"]),
    )
    figures = np.full((len(places), len(PATH_FIGURES)), np.nan)
    there = np.isfinite(distance_km) & np.isfinite(known["source_depth_km"])
    distance_km, depth_km = distance_km[there], known["source_depth_km"][there]
    back_azimuth_rad = np.deg2rad(back_azimuth_deg[there])
    arrivals = KOERI.arrivals(distance_km, depth_km)
    figures[there] = np.column_stack(
        [
            np.log10(np.maximum(np.hypot(distance_km, depth_km), MIN_DISTANCE_KM)),
            np.sin(back_azimuth_rad),
            np.cos(back_azimuth_rad),
            arrivals.p_s,
            arrivals.s_s - arrivals.p_s,
        ]
    )
    return figures
