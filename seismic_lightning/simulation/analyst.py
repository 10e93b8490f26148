"""What an analyst makes of a simulation: the catalogue and its picks, rounded as observatories round.

An event is named by the 14 digits of its origin time, its place is known to 1e-4 degrees and 100 m of depth,
its magnitude to a tenth. Times are read to a tenth of a second, whatever is simulated: the catalogue and the
bulletin hold the very same readings. A station whose sensors give two records is picked once, on the first.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from seismic_lightning.codes import NANOSECONDS_PER_S
from seismic_lightning.records.bulletin_writer import BulletinArrival, BulletinEvent
from seismic_lightning.records.catalogue import Catalogue, Event, Pick
from seismic_lightning.records.sphere import EARTH_RADIUS_KM, great_circle
from seismic_lightning.simulation.network import NETWORK, Network
from seismic_lightning.simulation.seismicity import CLUSTERS, KM_PER_DEG_LATITUDE, KM_PER_DEG_LONGITUDE

MAGNITUDE_TYPE = "ML"
P_NAMES = {"Pg": "Sg", "Pn": "Sn"}
"""Name of S at a station where P has the other name."""


def make_catalogue(events: pd.DataFrame, records: pd.DataFrame) -> Catalogue:
    """Return events and picks in order of time.

    Args:
        events: What :func:`tables.event_table` returned.
        records: What :func:`tables.record_table` returned.

    Returns:
        The catalogue.
    """
    entries = {
        row.event_id: Event(
            event_id=row.event_id,
            origin_ns=int(row.origin_ns),
            latitude_deg=round(float(row.latitude_deg), 4),
            longitude_deg=round(float(row.longitude_deg), 4),
            depth_km=round(float(row.depth_km), 1),
            magnitude=round(float(row.local_magnitude), 1),
            magnitude_type=MAGNITUDE_TYPE,
        )
        for row in _rows(events.sort_values("origin_ns"))
    }
    picks = [
        Pick(row.event_id, NETWORK, row.station, "", f"{row.family}Z", phase, time_ns, "manual")
        for row in _rows(readings(events, records))
        for phase, time_ns, _ in _phases(row)
    ]
    return Catalogue(entries, picks)


def make_bulletin(catalogue: Catalogue, picked: pd.DataFrame, network: Network) -> list[BulletinEvent]:
    """Return the catalogue's events with their arrivals, nearest station first.

    Args:
        catalogue: What :func:`make_catalogue` returned.
        picked: What :func:`readings` returned.
        network: Stations.

    Returns:
        One entry per event, in order of time.
    """
    station = [network.index(code) for code in picked["station"]]
    here = (picked["latitude_deg"].to_numpy(), picked["longitude_deg"].to_numpy())
    # From the epicentre to the station, which is the back-azimuth with its ends exchanged.
    _, azimuth_deg = great_circle((network.latitude_deg[station], network.longitude_deg[station]), here)
    distance_deg = np.rad2deg(picked["distance_km"].to_numpy() / EARTH_RADIUS_KM)
    arrivals: dict[str, list[BulletinArrival]] = {name: [] for name in catalogue.events}
    for row, *place_deg in zip(_rows(picked), distance_deg, azimuth_deg, strict=True):
        arrivals[row.event_id] += _arrivals(row, *place_deg)
    return [
        BulletinEvent(
            event,
            region(event.latitude_deg or 0.0, event.longitude_deg or 0.0),
            tuple(sorted(arrivals[name], key=lambda arrival: (arrival.distance_deg, arrival.time_ns))),
        )
        for name, event in catalogue.events.items()
    ]


def _arrivals(row: Any, distance_deg: float, azimuth_deg: float) -> Iterator[BulletinArrival]:  # noqa: ANN401
    """Yield the lines of one station; what an analyst reads besides time and phase belongs here."""
    for phase, time_ns, travel_s in _phases(row):
        residual_s = (time_ns - row.origin_ns) / NANOSECONDS_PER_S - travel_s
        yield BulletinArrival(row.station, distance_deg, azimuth_deg, phase, time_ns, residual_s)


def readings(events: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Return one record of each event and station, with the columns of its event, by origin time, then by P.

    Args:
        events: What :func:`tables.event_table` returned.
        records: What :func:`tables.record_table` returned.
    """
    first = records.drop_duplicates(["event", "station"])
    return first.join(events, on="event").sort_values(["origin_ns", "p_pick_ns"], kind="stable")


def region(latitude_deg: float, longitude_deg: float) -> str:
    """Name a place by the nearest cluster of earthquakes, and say that nothing happened there.

    Example:
        >>> region(40.43, 29.0)
        'GEMLIK (SIMULATED)'
    """
    per_deg = np.array([KM_PER_DEG_LONGITUDE, KM_PER_DEG_LATITUDE])
    place = np.array([longitude_deg, latitude_deg]) * per_deg

    def distance_km(name: str) -> float:
        cluster = CLUSTERS[name]
        start = np.array([cluster.longitude_deg, cluster.latitude_deg]) * per_deg
        along = np.array([cluster.end_longitude_deg, cluster.end_latitude_deg]) * per_deg - start
        share = np.clip((place - start) @ along / (along @ along), 0.0, 1.0)
        return float(np.linalg.norm(place - start - share * along))

    return f"{min(CLUSTERS, key=distance_km).upper()} (SIMULATED)"


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    """Yield rows whose columns are attributes."""
    yield from table.itertuples()


def _phases(row: Any) -> Iterator[tuple[str, int, float]]:  # noqa: ANN401 - a row of pandas
    """Yield what was read of a record: phase, time and the model's travel time."""
    yield row.phase, int(row.p_pick_ns), float(row.p_travel_s)
    if row.s_pick_ns is not pd.NA:
        yield P_NAMES[row.phase], int(row.s_pick_ns), float(row.s_travel_s)
