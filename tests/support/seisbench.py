"""Small datasets in SeisBench's format, as others write them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings

SETTINGS = CurationSettings(window=WindowSettings(length_s=20.0), select=SelectionSettings(min_snr=0.0))
FORMAT = {
    "dimension_order": "CW",
    "component_order": "ZNE",
    "sampling_rate": 100,
    "measurement": "velocity",
    "unit": "counts",
}
N_SAMPLES, P_SAMPLE = 4000, 1500

Row = dict[str, Any]


def waveform(number: int, n_components: int = 3, n_samples: int = N_SAMPLES) -> NDArray[np.float32]:
    """Return whole counts as floats, as most datasets have them, with an onset."""
    rng = np.random.default_rng(number)
    samples = 100 * rng.standard_normal((n_components, n_samples))
    samples[:, P_SAMPLE:] *= 20
    return np.rint(samples).astype(np.float32)


def row(number: int, **changes: Any) -> Row:  # noqa: ANN401 - values of any column
    event = number // 2
    values: Row = {
        "trace_name": f"bucket0${number},:3,:{N_SAMPLES}",
        "source_id": f"ev{event}",
        "source_origin_time": f"2020-01-01T0{event % 10}:00:00Z",
        "source_latitude_deg": 40.5,
        "source_longitude_deg": 28.5,
        "source_depth_km": 8.0,
        "source_magnitude": 2.0 + 0.1 * event,
        "source_magnitude_type": "ML",
        "station_network_code": "NA",
        "station_code": f"S{number % 2}",
        "station_location_code": "",
        "station_latitude_deg": 40.6,
        "station_longitude_deg": 28.8 + number % 2,
        "station_elevation_m": 120.0,
        "trace_channel": "HH",
        "trace_start_time": f"2020-01-01T0{event % 10}:00:05.250000Z",
        "trace_p_arrival_sample": P_SAMPLE,
        "trace_p_status": "manual",
        "trace_s_arrival_sample": P_SAMPLE + 300,
        "trace_snr_db": "[31.2 30.1 29.7]",
    }
    return {name: value for name, value in {**values, **changes}.items() if value is not ...}


def write(
    folder: Path,
    rows: Sequence[Row],
    traces: dict[str, NDArray[Any]] | None = None,
    *,
    chunk: str = "",
    **data_format: Any,  # noqa: ANN401 - values of data_format; None leaves one out
) -> Path:
    """Write one chunk; without ``traces`` one block of eight records."""
    folder.mkdir(exist_ok=True)
    pd.DataFrame(list(rows)).to_csv(folder / f"metadata{chunk}.csv", index=False)
    blocks = traces or {"bucket0": np.stack([waveform(number) for number in range(8)])}
    with h5py.File(folder / f"waveforms{chunk}.hdf5", "w") as file:
        for name, value in {**FORMAT, **data_format}.items():
            if value is not None:
                file.create_dataset(f"data_format/{name}", data=value)
        for name, block in blocks.items():
            file.create_dataset(f"data/{name}", data=block)
    return folder
