"""Distance and direction on a spherical Earth, for whole arrays."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

EARTH_RADIUS_KM = 6371.0


def great_circle(
    event_deg: tuple[ArrayLike, ArrayLike], station_deg: tuple[ArrayLike, ArrayLike]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return distance and back-azimuth on a sphere.

    Args:
        event_deg: Latitude and longitude of sources; broadcast with those of stations.
        station_deg: Latitude and longitude of stations.

    Returns:
        Epicentral distance in km, and direction from station to source in degrees.

    Example:
        >>> distance_km, back_azimuth_deg = great_circle((41.0, 29.0), (40.0, 29.0))
        >>> float(distance_km.round(1)), float(back_azimuth_deg)
        (111.2, 0.0)
    """
    (lat1, lon1), (lat2, lon2) = (
        (np.deg2rad(np.asarray(latitude, np.float64)), np.deg2rad(np.asarray(longitude, np.float64)))
        for latitude, longitude in (event_deg, station_deg)
    )
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    east = np.sin(lon1 - lon2) * np.cos(lat1)
    north = np.cos(lat2) * np.sin(lat1) - np.sin(lat2) * np.cos(lat1) * np.cos(lon1 - lon2)
    distance_km = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(half))
    return np.asarray(distance_km), np.asarray(np.rad2deg(np.arctan2(east, north)) % 360.0)
