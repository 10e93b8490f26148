"""Batches keep the contract: split by event, scaled by the training split, with their amplitude."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.simulated import simulated

from seismic_lightning.batch import Batch
from seismic_lightning.curation.build import curate
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.data.raw import RawBatch, RawRecords
from seismic_lightning.data.statistics import fit_statistics
from seismic_lightning.errors import BandError, CheckpointError, DatasetError
from seismic_lightning.transforms.settings import PreprocessSettings, RepresentationSettings, StftSettings

N_SLOW = 40
BAND = PreprocessSettings(bands_hz={"any": [[1.0, 20.0]]})


def opened(
    dataset_dir: Path, cache_dir: Path | None = None, preprocess: PreprocessSettings = BAND
) -> SpectrogramDataModule:
    module = SpectrogramDataModule(dataset_dir, preprocess, StftSettings(), batch_size=5, cache_dir=cache_dir)
    module.setup()
    return module


def batches(module: SpectrogramDataModule, split: str) -> list[Batch]:
    loader = {"train": module.train_dataloader, "val": module.val_dataloader, "test": module.test_dataloader}[
        split
    ]()
    return [module.on_after_batch_transfer(raw, 0) for raw in loader]


def test_a_batch_keeps_the_contract(dataset_dir: Path) -> None:
    module = opened(dataset_dir)
    batch = batches(module, "train")[0]
    assert batch.waveform.shape == (5, 3, 2001)
    assert batch.spectrogram.shape == (5, 3, module.n_freqs, module.n_frames) == (5, 3, 129, 32)
    assert batch.condition.location.shape == (5, 3)
    assert batch.spectrogram.dtype == torch.float32
    assert not batch.spectrogram.requires_grad


def test_training_spectrograms_are_standardised_as_a_whole(dataset_dir: Path) -> None:
    module = opened(dataset_dir)
    spectrograms = torch.cat([batch.spectrogram for batch in batches(module, "train")])
    assert spectrograms.mean().item() == pytest.approx(0.0, abs=1e-4)
    assert spectrograms.std().item() == pytest.approx(1.0, abs=1e-3)
    assert torch.allclose(spectrograms.mean(dim=0), module.mean_spectrogram, atol=1e-4)


def test_splits_hold_every_record_once_and_share_no_event(dataset_dir: Path) -> None:
    module = opened(dataset_dir)
    rows = {
        split: torch.cat([batch.index for batch in batches(module, split)])
        for split in ("train", "val", "test")
    }
    assert torch.equal(torch.cat(list(rows.values())).sort().values, torch.arange(len(module.dataset)))
    events = [set(module.dataset.metadata.iloc[split.numpy()]["source_id"]) for split in rows.values()]
    assert len(set.union(*events)) == sum(len(split) for split in events)


def test_a_record_does_not_depend_on_its_batch(dataset_dir: Path) -> None:
    module = opened(dataset_dir)
    alone = module.on_after_batch_transfer(module.records("train").__getitems__([3]), 0)
    among = module.on_after_batch_transfer(module.records("train").__getitems__([7, 3, 0, 5]), 0)
    assert torch.allclose(alone.spectrogram[0], among.spectrogram[1], atol=1e-5)
    assert alone.index[0] == among.index[1]


def test_ten_times_the_counts_is_another_spectrogram(dataset_dir: Path) -> None:
    module = opened(dataset_dir)
    raw = module.records("train").__getitems__([0])
    louder = raw._replace(groups=[group._replace(waveform=group.waveform * 10) for group in raw.groups])
    quiet, loud = (module.on_after_batch_transfer(batch, 0).spectrogram for batch in (raw, louder))
    assert (loud - quiet).mean().item() > 0.1


def test_fitted_figures_are_read_back_unchanged(dataset_dir: Path, tmp_path: Path) -> None:
    fitted, cached = opened(dataset_dir, tmp_path), opened(dataset_dir, tmp_path)
    assert fitted.front.settings() == cached.front.settings()
    assert torch.equal(fitted.mean_spectrogram, cached.mean_spectrogram)
    assert len(list(tmp_path.glob("*.npz"))) == 1


def test_a_large_split_is_fitted_on_a_draw(dataset_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = opened(dataset_dir)
    records, front, asked = module.records("train"), module.front, set[int]()
    fetch = RawRecords.__getitems__

    def counted(self: RawRecords, places: list[int]) -> RawBatch:
        asked.update(places)
        return fetch(self, places)

    monkeypatch.setattr(RawRecords, "__getitems__", counted)
    whole, first, again = (fit_statistics(records, front, most_records=most) for most in (10**6, 7, 7))
    assert asked == set(range(len(records)))
    asked.clear()
    fit_statistics(records, front, most_records=7)
    assert len(asked) == 7
    assert max(asked) > 7  # from anywhere in the split
    assert first.scaling.constants == again.scaling.constants != whole.scaling.constants
    assert first.scaling.constants.mean == pytest.approx(whole.scaling.constants.mean, abs=0.5)


@pytest.fixture(scope="module")
def slow_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a dataset of twenty samples a second."""
    folder = tmp_path_factory.mktemp("slow")
    archive = simulated(folder / "archive", N_SLOW, bh_rate_hz=20.0)
    settings = CurationSettings(select=SelectionSettings(min_snr=0.0), window=WindowSettings(10, 20))
    curate(archive, folder / "dataset", settings)
    return folder / "dataset"


def test_clipped_corners_are_counted(slow_dataset: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        opened(slow_dataset)
    assert f"{N_SLOW} records at 20 Hz: high corner clipped" in caplog.text


def test_the_floor_is_set_by_noise_and_not_by_what_resampling_left_empty(slow_dataset: Path) -> None:
    module = opened(slow_dataset)
    frequencies_hz = module.front.stft.frequencies_hz(100.0)
    spectrogram = batches(module, "train")[0].spectrogram[..., 2:-2]
    assert spectrogram[:, :, frequencies_hz > 12.0].std() < 0.1
    assert spectrogram[:, :, (frequencies_hz > 1.0) & (frequencies_hz < 8.0)].std() > 0.3


def test_a_low_corner_that_a_rate_does_not_allow_is_refused_at_once(slow_dataset: Path) -> None:
    with pytest.raises(BandError, match="20"):
        opened(slow_dataset, preprocess=PreprocessSettings(bands_hz={"any": [[9.0, 40.0]]}))


def test_families_without_a_row_are_counted(dataset_dir: Path) -> None:
    n_hh = (open_dataset(dataset_dir).metadata["trace_channel"] == "HH").sum()
    with pytest.raises(BandError, match=rf"HH.*{n_hh}|{n_hh}.*HH"):
        opened(dataset_dir, preprocess=PreprocessSettings(bands_hz={"BH": [[1.0, 5.0]]}))


def test_a_missing_dataset_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        opened(tmp_path / "nowhere")


def test_a_checkpoint_of_another_preprocessing_is_refused(dataset_dir: Path) -> None:
    module = opened(dataset_dir)
    module.load_state_dict(module.state_dict())
    other = opened(dataset_dir, preprocess=replace(BAND, zero_phase=True))
    with pytest.raises(CheckpointError, match="preprocess"):
        module.load_state_dict(other.state_dict())


def as_parts(
    dataset_dir: Path, cache_dir: Path | None = None, exponent: float = 0.3
) -> SpectrogramDataModule:
    module = SpectrogramDataModule(
        dataset_dir,
        BAND,
        StftSettings(),
        representation=RepresentationSettings("complex", exponent),
        batch_size=5,
        cache_dir=cache_dir,
    )
    module.setup()
    return module


def test_parts_have_unit_variance_and_hold_the_waveform(dataset_dir: Path) -> None:
    module = as_parts(dataset_dir)
    assert (module.n_components, module.n_channels) == (3, 6)
    together = batches(module, "train")
    parts = torch.cat([batch.spectrogram for batch in together])
    assert parts.shape[1:] == (6, module.n_freqs, module.n_frames)
    assert parts.mean().item() == pytest.approx(0.0, abs=0.01)
    assert parts.std().item() == pytest.approx(1.0, abs=0.01)
    waveform = torch.cat([batch.waveform for batch in together])
    back = module.front.inverse(parts, waveform.shape[-1])
    assert ((back - waveform).norm() / waveform.norm()).item() < 1e-5
    shown = module.front.log_magnitude(parts).mean(0)
    assert torch.allclose(shown, module.mean_spectrogram, atol=1e-3)


def test_both_representations_are_kept_apart_in_the_cache(dataset_dir: Path, tmp_path: Path) -> None:
    fitted, cached = as_parts(dataset_dir, tmp_path), as_parts(dataset_dir, tmp_path)
    assert fitted.front.settings() == cached.front.settings()
    assert opened(dataset_dir, tmp_path).n_channels == 3
    assert len(list(tmp_path.glob("*.npz"))) == 2


def test_a_checkpoint_of_another_representation_is_refused(dataset_dir: Path) -> None:
    parts, magnitudes = as_parts(dataset_dir), opened(dataset_dir)
    parts.load_state_dict(parts.state_dict())
    assert parts.front.channels_per_component == 2
    for state in (magnitudes.state_dict(), as_parts(dataset_dir, exponent=0.5).state_dict()):
        with pytest.raises(CheckpointError, match="representation"):
            parts.load_state_dict(state)


def test_conditions_of_the_path_reach_batches_and_are_not_mixed_with_the_others(dataset_dir: Path) -> None:
    module = SpectrogramDataModule(dataset_dir, BAND, StftSettings(), batch_size=5, condition="physics")
    module.setup()
    condition = batches(module, "train")[0].condition
    assert condition.location.shape == (5, module.n_location) == (5, 5)
    assert torch.isfinite(condition.location).all()
    with pytest.raises(CheckpointError, match="another condition"):
        module.load_state_dict(opened(dataset_dir).state_dict())
