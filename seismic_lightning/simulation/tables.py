"""What a simulation lists: its earthquakes and its records, as tables without waveforms."""

import numpy as np
import pandas as pd

from seismic_lightning.codes import NANOSECONDS_PER_S
from seismic_lightning.records.travel_time import phase_label
from seismic_lightning.simulation import source
from seismic_lightning.simulation.detection import Readings
from seismic_lightning.simulation.instrument import FAMILY_CODES
from seismic_lightning.simulation.rays import BEFORE_PICK_S, Arrivals
from seismic_lightning.simulation.recorder import Recorder
from seismic_lightning.simulation.seismicity import Events


def event_table(events: Events) -> pd.DataFrame:
    """Return earthquakes with their truth.

    Args:
        events: What happened.

    Returns:
        One row per event: ``event_id`` (14 digits of the origin time), the fields of ``Events`` without its
        number, ``moment_magnitude``, ``moment_nm`` and ``corner_frequency_hz``.
    """
    magnitude = source.moment_magnitude(events.local_magnitude)
    moment = source.moment_nm(magnitude)
    table = pd.DataFrame(events._asdict()).drop(columns="number")
    seconds = pd.to_datetime(events.origin_ns // NANOSECONDS_PER_S, unit="s")
    table.insert(0, "event_id", seconds.strftime("%Y%m%d%H%M%S"))
    return table.assign(
        moment_magnitude=magnitude,
        moment_nm=moment,
        corner_frequency_hz=source.corner_frequency_hz(moment, events.stress_drop_pa),
    )


def record_table(readings: Readings, arrivals: Arrivals, recorder: Recorder) -> pd.DataFrame:
    """Return records without waveforms.

    Args:
        readings: Who read which event.
        arrivals: What arrived there, row by row.
        recorder: Stations and sampling rate.

    Returns:
        One row per record: ``event`` (row of the event table), ``station``, ``family``,
        ``sampling_rate_hz``, ``start_ns``, ``p_pick_ns``, ``p_arrival_ns``, ``s_arrival_ns``, ``s_pick_ns``
        (missing where S was not read), ``phase`` (Pg or Pn), ``distance_km``, ``back_azimuth_deg``,
        ``p_travel_s`` and ``s_travel_s`` of the model. Records of one event and station share their readings.
    """
    rays, p_pick_ns, p_ns, s_ns, s_pick_ns = arrivals
    codes = np.array([station.code for station in recorder.network.stations])
    return pd.DataFrame(
        {
            "event": readings.event,
            "station": codes[rays.station],
            "family": np.array(FAMILY_CODES)[rays.family],
            "sampling_rate_hz": recorder.rate_hz,
            "start_ns": p_pick_ns - round(BEFORE_PICK_S * NANOSECONDS_PER_S),
            "p_pick_ns": p_pick_ns,
            "p_arrival_ns": p_ns,
            "s_arrival_ns": s_ns,
            "s_pick_ns": pd.Series(s_pick_ns, dtype="Int64").where(pd.Series(s_pick_ns) > 0),
            "phase": [phase_label(kilometres) for kilometres in readings.distance_km],
            "distance_km": readings.distance_km,
            "back_azimuth_deg": rays.back_azimuth_deg,
            "p_travel_s": rays.p_travel_s,
            "s_travel_s": rays.s_travel_s,
        }
    )
