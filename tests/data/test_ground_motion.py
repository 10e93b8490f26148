"""Batches in units of ground motion, and the refusal of datasets that cannot be brought to them."""

from pathlib import Path

import numpy as np
import obspy
import pytest
import torch
from support.archive import without, write_archive
from support.instruments import equip, many_stages, sensor_alone

from seismic_lightning.callbacks.reconstructions import compare
from seismic_lightning.curation.build import curate
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.errors import CheckpointError, DatasetError
from seismic_lightning.simulation.metadata import _response as simulated
from seismic_lightning.transforms.front import SpectrogramFront
from seismic_lightning.transforms.settings import PreprocessSettings, StftSettings

SETTINGS = CurationSettings(
    window=WindowSettings(10.0, 20.0), select=SelectionSettings(min_snr=0.0, families=["all"])
)
GAIN = 9e8


def opened(dataset_dir: Path, units: str, dtype: str = "float32") -> SpectrogramDataModule:
    preprocess = PreprocessSettings(bands_hz={"any": [[1.0, 18.0]]}, units=units, dtype=dtype)
    module = SpectrogramDataModule(dataset_dir, preprocess, StftSettings(), batch_size=5)
    module.setup()
    return module


def first_batch(module: SpectrogramDataModule, n_records: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    raw = module.records("train").__getitems__(list(range(n_records)))
    batch = module.on_after_batch_transfer(raw, 0)
    return batch.waveform, batch.spectrogram


@pytest.fixture(scope="module")
def equipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a dataset of two rates whose components have responses of their own."""
    folder = tmp_path_factory.mktemp("equipped")
    archive = write_archive(folder / "archive", n_events=6, n_stations=2)
    equip(
        archive,
        {"": simulated("HH", GAIN), "ST00..HHE": simulated("HH", GAIN / 3), "ST01..HHN": many_stages(50.0)},
    )
    curate(archive, folder / "dataset", SETTINGS)
    return folder / "dataset"


def test_velocity_is_what_obspy_finds_in_the_archive(equipped: Path) -> None:
    module = opened(equipped, "velocity", "float64")
    raw = module.records("train").__getitems__([0, 1, 2, 3])
    batch = module.front.waveform(raw.groups, raw.band, raw.instrument).numpy()
    inventory = obspy.read_inventory(equipped.parent / "archive" / "stations.xml")
    rates_hz = set()
    for group in raw.groups:
        rate_hz = group.sampling_rate_hz
        if rate_hz != 100.0:
            continue
        for place, samples in zip(group.positions.tolist(), group.waveform.numpy(), strict=True):
            record = module.dataset.metadata.iloc[int(raw.index[place])]
            for row, component in enumerate("ZNE"):
                header = {
                    "network": "XX", "station": record["station_code"], "channel": f"HH{component}",
                    "sampling_rate": rate_hz, "starttime": obspy.UTCDateTime(record["trace_start_time"]),
                }  # fmt: skip
                trace = obspy.Trace(samples[row].astype(np.float64), header)
                trace.detrend("demean").detrend("linear").taper(0.05, "cosine")
                trace.remove_response(inventory, "VEL", 60, (0.05, 0.1, 40, 45), zero_mean=False, taper=False)
                trace.filter("bandpass", freqmin=1, freqmax=18)
                error = np.linalg.norm(batch[place, row] - trace.data) / np.linalg.norm(trace.data)
                assert error < 1e-6, (place, component)
        rates_hz.add(rate_hz)
    assert rates_hz == {100.0}
    assert {group.sampling_rate_hz for group in raw.groups} == {50.0, 100.0}


def test_sensitivity_is_divided_by_component_by_component(equipped: Path) -> None:
    counts, motion = (first_batch(opened(equipped, units))[0] for units in ("counts", "sensitivity"))
    module = opened(equipped, "sensitivity")
    raw = module.records("train").__getitems__([0, 1, 2, 3])
    stations = module.dataset.metadata["station_code"].iloc[raw.index.numpy()]
    gains = {"ST00": [GAIN, GAIN, GAIN / 3], "ST01": [GAIN, 1.2e9, GAIN]}
    expected = counts / torch.tensor([gains[station] for station in stations]).unsqueeze(-1)
    torch.testing.assert_close(motion, expected, rtol=1e-5, atol=0)
    assert set(stations) == {"ST00", "ST01"}


@pytest.mark.parametrize(
    ("units", "unit"), [("counts", "counts"), ("sensitivity", "mps"), ("velocity", "mps")]
)
def test_the_unit_reaches_checkpoint_and_figure(equipped: Path, units: str, unit: str) -> None:
    module = opened(equipped, units)
    state = module.state_dict()
    assert state["unit"] == unit
    assert state["front"]["preprocess"]["units"] == units
    _, spectrogram = first_batch(module, 1)
    assert spectrogram.isfinite().all()
    assert compare(module, 0, spectrogram[0], spectrogram[0]).unit == unit
    again = opened(equipped, units)
    again.load_state_dict(state)
    assert torch.equal(first_batch(again)[1], first_batch(module)[1])
    # What only generates has the checkpoint alone.
    assert SpectrogramFront.from_settings(state["front"]).preprocess.settings.units == units


def test_metres_per_second_are_scaled_as_well_as_counts(equipped: Path) -> None:
    module = opened(equipped, "velocity")
    levels = torch.cat(
        [module.on_after_batch_transfer(raw, 0).spectrogram for raw in module.train_dataloader()]
    )
    assert levels.mean().item() == pytest.approx(0.0, abs=1e-3)
    assert levels.std().item() == pytest.approx(1.0, abs=1e-2)
    assert module.front.scaling is not None
    assert 1e-15 < module.front.scaling.constants.floor < 1e-6


def test_a_checkpoint_of_other_units_is_refused(equipped: Path) -> None:
    with pytest.raises(CheckpointError, match="preprocess, unit"):
        opened(equipped, "counts").load_state_dict(opened(equipped, "velocity").state_dict())


@pytest.mark.parametrize(
    ("units", "what", "reason"),
    [
        ("velocity", "an instrument response", "no response stages"),
        ("sensitivity", "a sensitivity", "no sens"),
    ],
)
def test_records_without_instruments_are_counted(tmp_path: Path, units: str, what: str, reason: str) -> None:
    archive = write_archive(tmp_path / "archive", n_events=6, n_stations=3)
    equip(archive, {"": simulated("HH", GAIN), "ST01..HHN": None})
    curate(archive, tmp_path / "dataset", SETTINGS)
    message = rf"units={units}: 6 of 18 records .*\(stations XX\.ST01\) lack {what}.*{reason}.*units=counts"
    with pytest.raises(DatasetError, match=message):
        opened(tmp_path / "dataset", units)
    opened(tmp_path / "dataset", "counts")


@pytest.mark.parametrize("units", ["sensitivity", "velocity"])
def test_volts_never_pass_for_counts(tmp_path: Path, units: str) -> None:
    archive = equip(write_archive(tmp_path / "archive", n_events=6, n_stations=1), {"": sensor_alone()})
    curate(archive, tmp_path / "dataset", SETTINGS)
    with pytest.raises(DatasetError, match=r"6 of 6 records .*the sensitivity leads to V, not to counts"):
        opened(tmp_path / "dataset", units)


def test_a_channel_that_the_inventory_lacks_is_named(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", n_events=6, n_stations=1)
    path = archive / "stations.xml"
    inventory = obspy.read_inventory(path).remove(channel="HHE")
    inventory.write(str(path), format="STATIONXML")
    curate(archive, tmp_path / "dataset", SETTINGS)
    with pytest.raises(DatasetError, match=r"XX\.ST00: its channel is not in the station metadata"):
        opened(tmp_path / "dataset", "sensitivity")


def test_ground_motion_in_the_archive_stays_as_it_is(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", n_events=6, n_stations=1, unit="mps")
    curate(archive, tmp_path / "dataset", SETTINGS)
    stored, sensitivity = (opened(tmp_path / "dataset", units) for units in ("counts", "sensitivity"))
    assert stored.unit == sensitivity.unit == "mps"
    assert torch.equal(first_batch(stored)[0], first_batch(sensitivity)[0])
    with pytest.raises(DatasetError, match=r"in mps already: use preprocess\.units=sensitivity"):
        opened(tmp_path / "dataset", "velocity")


def test_velocity_beside_acceleration_is_refused_unless_integrated(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", n_events=6, n_stations=1)
    other = write_archive(tmp_path / "other", n_events=6, n_stations=1, family="HN")
    (other / "waveforms" / "HN").rename(archive / "waveforms" / "HN")
    both = obspy.read_inventory(archive / "stations.xml")
    both[0][0].channels += obspy.read_inventory(other / "stations.xml")[0][0].channels
    both.write(str(archive / "stations.xml"), format="STATIONXML")
    equip(archive, {"": simulated("HH", GAIN), **{f"HN{c}": simulated("HN", 4.3e5) for c in "ZNE"}})
    curate(archive, tmp_path / "dataset", SETTINGS)
    message = r"6 records of HH in m/s beside 6 records of HN in m/s².*units=velocity"
    with pytest.raises(DatasetError, match=message):
        opened(tmp_path / "dataset", "sensitivity")
    module = opened(tmp_path / "dataset", "velocity")
    assert module.unit == "mps"
    metadata = module.dataset.metadata
    assert (
        metadata["trace_sensitivity_counts_per_mps2"].notna().tolist()
        == (metadata["trace_channel"] == "HN").tolist()
    )


def test_a_component_without_samples_needs_no_instrument(tmp_path: Path) -> None:
    edits = {(number, 0): without("E") for number in range(6)}
    archive = write_archive(tmp_path / "archive", n_events=6, n_stations=1, edits=edits)
    equip(archive, {"": simulated("HH", GAIN)})
    select = SelectionSettings(min_snr=0.0, max_gap=1.0)
    curate(archive, tmp_path / "dataset", CurationSettings(window=SETTINGS.window, select=select))
    waveform, _ = first_batch(opened(tmp_path / "dataset", "velocity"), 2)
    assert waveform.isfinite().all()
    assert waveform.abs().amax((0, 2)).gt(0).tolist() == [True, True, False]
