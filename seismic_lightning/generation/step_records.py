"""Steps as records that can be written: each an earthquake of its own, which says that it is synthetic.

Between the ends the origin time is the source's, and P arrives when KOERI's layers say. The ends keep the
times and onsets of their records.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.generation.between import STEP_COLUMN, WEIGHT_COLUMN
from seismic_lightning.generation.marks import add_marks
from seismic_lightning.generation.request import LOCATION_CODE
from seismic_lightning.generation.trained import Trained
from seismic_lightning.records.travel_time import KOERI

ENDS_COLUMN = "interpolation_between"
"""Column that names source and target."""
_COPIED = (
    "source_origin_time",
    "source_latitude_deg",
    "source_longitude_deg",
    "source_depth_km",
    "source_magnitude",
    "source_magnitude_type",
    "station_network_code",
    "station_code",
    "station_latitude_deg",
    "station_longitude_deg",
    "station_elevation_m",
    "trace_channel",
    "trace_sensitivity_counts_per_mps",
    "trace_sensitivity_counts_per_mps2",
    "path_ep_distance_km",
    "path_hyp_distance_km",
    "path_back_azimuth_deg",
    STEP_COLUMN,
    WEIGHT_COLUMN,
)
_ARRIVALS = ("trace_p_arrival_sample", "trace_s_arrival_sample")


def step_records(trained: Trained, steps: pd.DataFrame, between: str) -> pd.DataFrame:
    """Make the table that is written beside the waveforms of steps.

    Args:
        trained: The model, whose sampling rate, unit and window the steps have.
        steps: One row per step, as ``between.metadata_between`` makes them.
        between: Names of source and target.

    Returns:
        One row per step.
    """
    records = steps.loc[:, list(_COPIED)].copy()
    records["source_id"] = [f"synthetic-step-{step:04d}" for step in records[STEP_COLUMN]]
    records[ENDS_COLUMN] = between
    records["station_location_code"] = LOCATION_CODE
    records["trace_components"] = trained.components
    records["trace_npts"] = trained.n_samples
    records["trace_unit"] = trained.unit
    records["unit_factor"] = 1.0
    records["request"] = records[STEP_COLUMN]
    records["record"] = 0
    _add_times(records, trained, steps)
    add_marks(records, trained)
    return records


def _add_times(records: pd.DataFrame, trained: Trained, steps: pd.DataFrame) -> None:
    """Add start and onsets: as they were at the ends, by travel times between them."""
    own_rate_hz = _numbers(steps, "trace_sampling_rate_hz")
    weight = _numbers(steps, WEIGHT_COLUMN)
    distance_km, depth_km = _numbers(steps, "path_ep_distance_km"), _numbers(steps, "source_depth_km")
    depth_km = np.nan_to_num(depth_km, nan=trained.conditions.location[2].mean)
    moved = (weight > 0.0) & (weight < 1.0) & np.isfinite(distance_km)
    arrivals = KOERI.arrivals(np.where(moved, distance_km, 0.0), np.where(moved, depth_km, 0.0))
    p_sample = trained.before_p_s * trained.rate_hz
    s_minus_p_s = np.asarray(arrivals.s_s - arrivals.p_s, dtype=np.float64)
    predicted = (np.full(len(moved), p_sample), p_sample + s_minus_p_s * trained.rate_hz)
    for column, samples in zip(_ARRIVALS, predicted, strict=True):
        kept = _numbers(steps, column) * trained.rate_hz / own_rate_hz
        records[column] = np.where(moved, samples, kept)
    delay_s = pd.Series(pd.to_timedelta(arrivals.p_s - trained.before_p_s, unit="s"), index=records.index)
    start = (records["source_origin_time"] + delay_s).dt.round("us").astype("datetime64[ns, UTC]")
    records["trace_start_time"] = start.where(moved, steps["trace_start_time"])
    records["trace_p_status"] = steps["trace_p_status"].astype(object).where(~moved, "model")
    records["trace_sampling_rate_hz"] = trained.rate_hz


def _numbers(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    return table[column].to_numpy(dtype=np.float64, na_value=np.nan)
