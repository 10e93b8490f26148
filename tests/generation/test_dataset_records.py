"""Records of a dataset as a trained model sees them, and those that it cannot see."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.checkpoints import SMALL, write_checkpoint
from support.signals import option

from seismic_lightning.curation.build import curate
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import CuratedDataset, open_dataset
from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.errors import DatasetError
from seismic_lightning.generation.dataset_records import check_dataset, find_row
from seismic_lightning.generation.records_seen import read_records
from seismic_lightning.generation.trained import Trained
from seismic_lightning.models.ae import AE


@pytest.fixture(scope="module")
def dataset(dataset_dir: Path) -> CuratedDataset:
    return open_dataset(dataset_dir)


@pytest.fixture(scope="module")
def trained(dataset_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return Trained.read(write_checkpoint(dataset_dir, tmp_path_factory.mktemp("trained") / "AE.ckpt", AE))


def test_a_record_is_found_by_number_by_event_and_station_and_by_file(dataset: CuratedDataset) -> None:
    record = dataset.metadata.iloc[7]
    event, station = record["source_id"], record["station_code"]
    full = f"{record['station_network_code']}.{station}"
    file = record["trace_file"]
    for name in (7, "7", f"{event}/{station}", f"{event}/{full}", file, Path(file).name):
        assert find_row(dataset, name) == 7


@pytest.mark.parametrize("name", [10**6, -1, "nobody", "nobody/KO.ISK", "/", ""])
def test_a_record_that_is_not_there_is_refused(dataset: CuratedDataset, name: int | str) -> None:
    with pytest.raises(DatasetError, match=rf"record {name}: .* row"):
        find_row(dataset, name)


def test_a_name_of_several_records_is_refused_with_their_rows(dataset_dir: Path) -> None:
    dataset = open_dataset(dataset_dir)
    dataset.metadata.loc[[3, 9], "source_id"] = "twin"
    dataset.metadata.loc[[3, 9], "station_code"] = "TWO"
    with pytest.raises(DatasetError, match=r"record twin/TWO: 2 records of .* give a row: 3, 9"):
        find_row(dataset, "twin/TWO")


def test_records_are_those_of_the_training(
    dataset_dir: Path, dataset: CuratedDataset, trained: Trained
) -> None:
    module = SpectrogramDataModule(dataset_dir, option("fixed_band"), SMALL)
    module.setup()
    records = module.records("test")
    reference = module.on_after_batch_transfer(records.__getitems__([2, 0]), 0)
    batch = read_records(trained, dataset, records.rows[[2, 0]])
    assert torch.equal(batch.waveform, reference.waveform)
    assert torch.equal(batch.spectrogram, reference.spectrogram)
    assert torch.equal(batch.index, reference.index)


def curated(archive_dir: Path, folder: Path, **settings: Any) -> CuratedDataset:  # noqa: ANN401
    window = WindowSettings(
        before_p_s=settings.pop("before_p_s", 10.0), length_s=settings.pop("length_s", 20.0)
    )
    curate(
        archive_dir,
        folder,
        CurationSettings(window=window, select=SelectionSettings(min_snr=0.0), **settings),
    )
    return open_dataset(folder)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"length_s": 18.0}, r"has window\.length_s=18\.0, .*AE.* trained on window\.length_s=20\.0"),
        ({"before_p_s": 8.0}, r"has window\.before_p_s=8\.0, .* window\.before_p_s=10\.0"),
        ({"components": "Z"}, r"has components=Z, .* trained on components=ZNE"),
    ],
)
def test_another_kind_of_dataset_is_refused(
    archive_dir: Path, tmp_path: Path, trained: Trained, settings: dict[str, Any], message: str
) -> None:
    dataset = curated(archive_dir, tmp_path / "other", **settings)
    with pytest.raises(DatasetError, match=message):
        read_records(trained, dataset, np.array([0, 1]))


def test_another_unit_is_refused(dataset: CuratedDataset, trained: Trained) -> None:
    with pytest.raises(DatasetError, match=r"has unit=mps, .* was trained on unit=counts"):
        check_dataset(trained, dataset, "mps")


def test_records_that_cannot_fill_the_band_are_refused(dataset_dir: Path, trained: Trained) -> None:
    dataset = open_dataset(dataset_dir)
    rows = np.flatnonzero(dataset.metadata["trace_sampling_rate_hz"] == 50.0)[:2]
    read_records(trained, dataset, rows)
    dataset.metadata.loc[rows, "trace_sampling_rate_hz"] = 40.0
    dataset.metadata.loc[rows, "trace_npts"] = 801
    dataset.dataset_id = "another"
    with pytest.raises(DatasetError, match=rf"row {rows[0]} of .* 40 Hz hold nothing above 16 Hz"):
        read_records(trained, dataset, rows)
