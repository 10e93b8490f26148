"""A folder of generated records is an archive, which curation turns into a dataset without a loss."""

from pathlib import Path

import numpy as np
import obspy
import pandas as pd
import pytest
from support.scenarios import inside

from seismic_lightning.curation.build import curate
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.generation.generate import prepare
from seismic_lightning.generation.request import Manner
from seismic_lightning.generation.trained import Trained

N_RECORDS = 2


@pytest.mark.parametrize("unit", ["counts", None])
def test_every_generated_record_becomes_a_record(
    cvae_checkpoint: Path, tmp_path: Path, unit: str | None
) -> None:
    trained = Trained.read(cvae_checkpoint)
    stations = trained.conditions.stations[:2]
    wanted = [
        inside(trained, station=station, origin_time=f"2024-03-0{day}T12:00:00.5", n_records=N_RECORDS)
        for day in (1, 2, 3, 4)
        for station in stations
    ]
    folder = prepare(trained, wanted, None, Manner(unit=unit)).write(tmp_path / "made")[0]
    settings = CurationSettings(
        window=WindowSettings(trained.before_p_s, trained.length_s), select=SelectionSettings(min_snr=0.0)
    )
    curate(folder, tmp_path / "dataset", settings)
    dataset = open_dataset(tmp_path / "dataset")
    made = pd.read_parquet(folder / "metadata.parquet").set_index("trace_file")
    found = dataset.metadata.set_index("trace_file")
    assert len(found) == len(wanted) * N_RECORDS
    assert dataset.unit == (unit or trained.unit)
    same = made.loc[found.index]
    for column in ("source_id", "station_code", "trace_channel", "trace_start_time", "trace_npts"):
        assert found[column].tolist() == same[column].tolist()
    for column in ("trace_p_arrival_sample", "trace_s_arrival_sample", "path_ep_distance_km"):
        assert found[column].to_numpy(dtype=float) == pytest.approx(same[column], rel=5e-3)
    (group,) = dataset.fetch(np.array([0]))
    samples = np.stack([trace.data for trace in obspy.read(folder / found.index[0])])
    assert np.array_equal(group.waveform[0], samples)
