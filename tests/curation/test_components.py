"""Datasets of the vertical component alone, and what three-component curation says of such data."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.archive import without, write_archive

from seismic_lightning.curation.build import curate
from seismic_lightning.curation.identity import dataset_id
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.errors import CheckpointError, ConfigurationError, DatasetError
from seismic_lightning.transforms.settings import PreprocessSettings, StftSettings

THREE = CurationSettings(window=WindowSettings(length_s=20.0), select=SelectionSettings(min_snr=0.0))
VERTICAL = replace(THREE, components="Z")
N_EVENTS = 4


@pytest.fixture(scope="module")
def vertical_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive whose files hold the vertical component alone."""
    edits = {(event, 0): lambda stream: without("N")(without("E")(stream)) for event in range(N_EVENTS)}
    folder = tmp_path_factory.mktemp("vertical") / "archive"
    return write_archive(folder, n_events=N_EVENTS, n_stations=1, edits=edits)


@pytest.fixture(scope="module")
def vertical_dataset(vertical_archive: Path) -> Path:
    folder = vertical_archive.parent / "dataset"
    curate(vertical_archive, folder, VERTICAL)
    return folder


def test_a_dataset_of_the_vertical_says_so_everywhere(vertical_dataset: Path) -> None:
    dataset = open_dataset(vertical_dataset)
    assert dataset.components == "Z"
    assert json.loads((vertical_dataset / "dataset.json").read_text())["components"] == "Z"
    (group,) = dataset.fetch(np.arange(N_EVENTS))
    assert group.waveform.shape == (N_EVENTS, 1, 2001)
    columns = dataset.metadata.columns
    assert dataset.metadata[[name for name in columns if name.startswith("trace_Z_")]].notna().all(axis=None)
    others = [name for name in columns if name.startswith(("trace_N_", "trace_E_"))]
    assert len(others) == 18
    assert dataset.metadata[others].isna().all(axis=None)
    quality = pd.read_csv(vertical_dataset / "quality.csv")
    assert quality[["snr1", "gap1"]].notna().all(axis=None)
    assert quality[["snr2", "snr3", "gap2", "gap3"]].isna().all(axis=None)


def test_three_component_curation_names_the_record_and_the_way_out(
    vertical_archive: Path, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match=r"4 x missing_component .*sim_000.*N, E.*components=Z"):
        curate(vertical_archive, tmp_path / "dataset", THREE)


def test_the_vertical_is_the_same_in_both_kinds_of_dataset(archive_dir: Path, tmp_path: Path) -> None:
    for name, settings in (("three", THREE), ("one", VERTICAL)):
        curate(archive_dir, tmp_path / name, settings)
    three, one = (open_dataset(tmp_path / name) for name in ("three", "one"))
    assert dataset_id(archive_dir, THREE) != dataset_id(archive_dir, VERTICAL)
    rows = np.arange(len(three))
    for group, vertical in zip(three.fetch(rows), one.fetch(rows), strict=True):
        assert np.array_equal(group.waveform[:, :1], vertical.waveform)
    pd.testing.assert_series_equal(three.metadata["trace_Z_snr"], one.metadata["trace_Z_snr"])


def test_batches_and_checkpoints_know_their_components(vertical_dataset: Path) -> None:
    front = PreprocessSettings(bands_hz={"any": [[1.0, 20.0]]}), StftSettings()
    module = SpectrogramDataModule(vertical_dataset, *front, batch_size=2)
    module.setup()
    assert module.n_components == 1
    batch = module.on_after_batch_transfer(next(iter(module.val_dataloader())), 0)
    assert batch.waveform.shape[:2] == batch.spectrogram.shape[:2] == (1, 1)
    assert module.mean_spectrogram.shape == batch.spectrogram.shape[1:]
    state = module.state_dict()
    assert state["components"] == "Z"
    with pytest.raises(CheckpointError, match="another components"):
        module.load_state_dict({name: value for name, value in state.items() if name != "components"})


def test_other_components_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"components='N': give one of ZNE, Z"):
        CurationSettings(components="N")
