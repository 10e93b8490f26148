"""SeisBench's format as we write it: its layout, what comes back through our reader, and SeisBench itself."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from support.archive import gap, write_archive
from support.instruments import equip
from support.signals import option

from seismic_lightning.curation.build import curate
from seismic_lightning.curation.seisbench import import_seisbench
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import CuratedDataset, open_dataset
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.export.seisbench import SeisBenchForm
from seismic_lightning.export.write import Choice, export_dataset
from seismic_lightning.simulation.metadata import _response as simulated

RAW = Choice(option("none"))
SETTINGS = CurationSettings(
    window=WindowSettings(length_s=20.0), select=SelectionSettings(min_snr=0.0, max_gap=0.1)
)


ALL_FAMILIES = replace(SETTINGS, select=SelectionSettings(min_snr=0.0, families=["all"]))
OWN = ["shard", "row", *(f"trace_{component}_response" for component in "ZNE")]
"""Columns that point into files of the dataset itself."""


def same(ours: CuratedDataset, back: CuratedDataset) -> None:
    """Compare two datasets record by record, samples and metadata, to the last bit."""
    orders = [dataset.metadata.sort_values("trace_file").index.to_numpy() for dataset in (ours, back)]
    groups = [
        dataset.fetch(order.astype(np.int64)) for dataset, order in zip((ours, back), orders, strict=True)
    ]
    for one, other in zip(*groups, strict=True):
        assert one.waveform.dtype == other.waveform.dtype
        assert np.array_equal(one.waveform, other.waveform, equal_nan=one.waveform.dtype.kind == "f")
    mine, theirs = (
        dataset.metadata.loc[order].drop(columns=OWN).reset_index(drop=True)
        for dataset, order in zip((ours, back), orders, strict=True)
    )
    pd.testing.assert_frame_equal(mine, theirs, check_exact=True)


def test_the_layout_is_seisbenchs(dataset_dir: Path, tmp_path: Path) -> None:
    export_dataset(dataset_dir, tmp_path / "out", SeisBenchForm(records_per_bucket=10), RAW)
    dataset = open_dataset(dataset_dir)
    table = pd.read_csv(tmp_path / "out" / "metadata.csv")
    with h5py.File(tmp_path / "out" / "waveforms.hdf5") as file:
        stated = {name: value[()] for name, value in file["data_format"].items()}
        assert stated == {
            "dimension_order": b"CW",
            "component_order": b"ZNE",
            "unit": b"counts",
            "measurement": b"velocity",
            "instrument_response": b"not restituted",
        }
        blocks = {name: block.shape for name, block in file["data"].items()}
    assert sum(shape[0] for shape in blocks.values()) == len(table) == len(open_dataset(dataset_dir))
    assert {shape[1:] for shape in blocks.values()} == {(3, 2001), (3, 1001)}
    assert max(shape[0] for shape in blocks.values()) == 10
    block = table["trace_name"].str.partition("$")[0]
    assert (table.groupby(block)["split"].nunique() == 1).all()
    assert table["trace_name"].str.fullmatch(r"bucket\d+\$\d+,:3,:(2001|1001)").all()
    assert set(table["split"]) == {"train", "dev", "test"}
    by_file = dataset.metadata.set_index("trace_file").loc[table["trace_file"]]
    expected_db = 20 * np.log10(by_file["trace_N_snr"].to_numpy())
    assert table["trace_N_snr_db"].to_numpy() == pytest.approx(expected_db)
    assert set(table["trace_completeness"]) == {1.0}
    with pytest.raises(ConfigurationError, match="records_per_bucket=0"):
        SeisBenchForm(0)


@pytest.mark.parametrize("unit", ["counts", "mps"])
@pytest.mark.parametrize("components", ["ZNE", "Z"])
def test_what_is_written_comes_back_bit_for_bit(tmp_path: Path, unit: str, components: str) -> None:
    source = write_archive(
        tmp_path / "archive",
        n_events=5,
        n_stations=2,
        sampling_rates_hz=(100.0, 40.0),
        unit=unit,
        edits={(0, 0): gap("N", 18.0, 19.0), (1, 1): gap("Z", 20.0, 20.5)},
    )
    settings = replace(SETTINGS, components=components)
    curate(source, tmp_path / "dataset", settings)
    export_dataset(tmp_path / "dataset", tmp_path / "out", SeisBenchForm(), RAW)
    summary = import_seisbench(tmp_path / "out", tmp_path / "back", settings)
    assert (summary.accepted, summary.unit, summary.rejected) == (10, unit, {})
    ours, back = open_dataset(tmp_path / "dataset"), open_dataset(tmp_path / "back")
    same(ours, back)
    assert import_seisbench(tmp_path / "out", tmp_path / "back", settings).reused
    with h5py.File(tmp_path / "out" / "waveforms.hdf5") as file:
        for block in file["data"].values():
            assert np.abs(block[()].astype(np.float64)).max() < 1e8  # no mark of a missing sample got out


def test_filtered_samples_can_be_written_too(dataset_dir: Path, tmp_path: Path) -> None:
    choice = Choice(option("fixed_band"), sampling_rate_hz=50.0)
    export_dataset(dataset_dir, tmp_path / "out", SeisBenchForm(), choice)
    with h5py.File(tmp_path / "out" / "waveforms.hdf5") as file:
        assert file["data_format/sampling_rate"][()] == 50.0
        samples = file["data/bucket0"][()]
    assert samples.dtype == np.float32
    assert samples.shape[1:] == (3, 1001)
    assert np.abs(samples.mean(axis=-1)).max() < 1e-3 * np.abs(samples).max()


@pytest.mark.parametrize(
    ("units", "unit", "quantity", "response"),
    [
        ("sensitivity", "mps2", "acceleration", "not restituted"),
        ("velocity", "mps", "velocity", "restituted"),
    ],
)
def test_units_of_ground_motion_are_stated(
    tmp_path: Path, units: str, unit: str, quantity: str, response: str
) -> None:
    source = write_archive(tmp_path / "archive", n_events=3, n_stations=1, family="HN")
    equip(source, {"": simulated("HN", 4.3e5)})
    curate(source, tmp_path / "dataset", ALL_FAMILIES)
    export_dataset(
        tmp_path / "dataset", tmp_path / "out", SeisBenchForm(), Choice(option("none", units=units))
    )
    with h5py.File(tmp_path / "out" / "waveforms.hdf5") as file:
        names = ("unit", "measurement", "instrument_response")
        stated = tuple(file[f"data_format/{name}"][()].decode() for name in names)
        largest = max(float(np.abs(block[()]).max()) for block in file["data"].values())
    assert stated == (unit, quantity, response)
    assert set(pd.read_csv(tmp_path / "out" / "metadata.csv")["trace_unit"]) == {unit}
    assert 0.0 < largest < 100.0, "counts are hundreds of thousands"


@pytest.mark.skipif(importlib.util.find_spec("seisbench") is None, reason="seisbench is not installed")
@pytest.mark.filterwarnings("ignore:The inplace keyword")  # SeisBench's own use of pandas
def test_seisbench_opens_what_we_write(
    dataset_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEISBENCH_CACHE_ROOT", str(tmp_path / "cache"))
    from seisbench.data import WaveformDataset

    export_dataset(dataset_dir, tmp_path / "out", SeisBenchForm(), RAW)
    theirs = WaveformDataset(tmp_path / "out", component_order="ZNE")
    ours = open_dataset(dataset_dir)
    place = {name: row for row, name in enumerate(ours.metadata["trace_file"])}
    assert len(theirs) == len(ours)
    for number in range(len(theirs)):
        waveform, row = theirs.get_sample(number)
        own = ours.metadata.iloc[place[row["trace_file"]]]
        (group,) = ours.fetch(np.array([place[row["trace_file"]]]))
        assert np.array_equal(waveform, group.waveform[0])
        assert row["trace_p_arrival_sample"] == own["trace_p_arrival_sample"]
        assert row["source_magnitude"] == own["source_magnitude"]
    sizes = [len(part) for part in theirs.train_dev_test()]
    assert sizes == [int((ours.metadata["split"] == name).sum()) for name in ("train", "dev", "test")]
