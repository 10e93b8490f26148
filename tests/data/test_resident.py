"""Samples on the device: the same batches, the same training, and a word where they do not fit."""

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from support.training import quiet_trainer
from support.waiting import KillAt, KilledError

from seismic_lightning.batch import Batch
from seismic_lightning.callbacks.last_checkpoint import LastCheckpoint
from seismic_lightning.data import resident
from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.data.resident import PlaceBatch, Residency, ResidentRecords, load
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.models.ae import AE
from seismic_lightning.transforms.settings import PreprocessSettings, StftSettings

BAND = PreprocessSettings(bands_hz={"any": [[1.0, 20.0]]})
CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


def opened(
    dataset_dir: Path, mode: str, preprocess: PreprocessSettings = BAND, cache_dir: Path | None = None
) -> SpectrogramDataModule:
    module = SpectrogramDataModule(
        dataset_dir, preprocess, StftSettings(), batch_size=7, resident=mode, cache_dir=cache_dir
    )
    module.setup()
    return module


def batches(module: SpectrogramDataModule) -> list[Batch]:
    loaders = (module.train_dataloader(), module.val_dataloader(), module.test_dataloader())
    return [module.on_after_batch_transfer(raw, 0) for loader in loaders for raw in loader]


def leaves(batch: Batch) -> list[torch.Tensor]:
    return [batch.waveform, batch.spectrogram, *batch.condition, batch.index]


@pytest.mark.parametrize("units", ["counts", "sensitivity"])
def test_resident_batches_are_those_of_the_disk_bit_for_bit(dataset_dir: Path, units: str) -> None:
    preprocess = PreprocessSettings(bands_hz=BAND.bands_hz, units=units)
    on_disk, on_device = (batches(opened(dataset_dir, mode, preprocess)) for mode in ("false", "true"))
    assert len(on_disk) == len(on_device) > 3
    for first, second in zip(on_disk, on_device, strict=True):
        for there, here in zip(leaves(first), leaves(second), strict=True):
            assert torch.equal(there, here)


def test_a_resident_batch_ships_whole_numbers_and_few_of_them(dataset_dir: Path) -> None:
    module = opened(dataset_dir, "true")
    batch = next(iter(module.train_dataloader()))
    assert isinstance(batch, PlaceBatch)
    assert batch.raw.groups == []
    shipped = [part for group in batch.groups for part in (group.positions, group.places)]
    assert sum(part.numel() for part in shipped) == 2 * 7
    assert {group.sampling_rate_hz for group in batch.groups} == {50.0, 100.0}


def test_records_with_gaps_ship_apart_from_the_others(dataset_dir: Path) -> None:
    module = opened(dataset_dir, "false")
    records = module.records("train")
    gapless = module.dataset.gapless
    assert gapless[records.rows].all()
    gapless[records.rows[3]] = False
    groups = records.__getitems__([5, 3, 4]).groups
    apart = [group.positions.tolist() for group in groups if not group.gapless]
    assert apart == [[1]]
    assert sorted(place for group in groups for place in group.positions.tolist()) == [0, 1, 2]


def trained(folder: Path, dataset_dir: Path, modes: tuple[str, ...], kill_at: int = 0) -> dict[str, Any]:
    """Train two epochs; with two modes, kill the first run before a step and go on with the second mode."""
    for mode in modes:
        torch.manual_seed(0)
        module = opened(dataset_dir, mode, cache_dir=folder.parent / "cache")
        model = AE(n_freqs=module.n_freqs, n_frames=module.n_frames, channels=[4, 8])
        killed = len(modes) > 1 and mode == modes[0]
        callbacks = [LastCheckpoint(folder, every_n_train_steps=1), *([KillAt(kill_at)] if killed else [])]
        trainer = quiet_trainer(folder, *callbacks, max_epochs=2)
        last = folder / "last.ckpt"
        if killed:
            with pytest.raises(KilledError):
                trainer.fit(model, module)
        else:
            trainer.fit(model, module, ckpt_path=last if last.is_file() else None)
    return model.state_dict()


def test_a_run_goes_on_exactly_where_the_other_way_left_it(dataset_dir: Path, tmp_path: Path) -> None:
    expected = trained(tmp_path / "whole", dataset_dir, ("false",))
    resumed = trained(tmp_path / "killed", dataset_dir, ("true", "false"), kill_at=3)
    back = trained(tmp_path / "back", dataset_dir, ("false", "true"), kill_at=3)
    for name, weight in expected.items():
        assert torch.equal(weight, resumed[name]), name
        assert torch.equal(weight, back[name]), name


def test_auto_takes_a_cuda_device_with_room_and_nothing_else(
    dataset_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    records = opened(dataset_dir, "false").records("train")
    assert Residency("auto").feed("train", records, torch.device("cpu")) is records
    monkeypatch.setattr(resident, "load", lambda records, _: load(records, CPU))
    needed = resident.needed_bytes(records)
    assert needed == sum(
        records.dataset.fetch(records.rows[[i]])[0].waveform.nbytes for i in range(len(records))
    )
    monkeypatch.setattr(resident, "free_bytes", lambda _: 2 * needed)
    assert isinstance(Residency("auto").feed("train", records, CUDA), ResidentRecords)
    monkeypatch.setattr(resident, "free_bytes", lambda _: 2 * needed - 1)
    with caplog.at_level(logging.INFO):
        assert Residency("auto").feed("train", records, CUDA) is records
    assert f"{len(records)} records" in caplog.text
    assert "read from disk" in caplog.text


def test_a_split_is_loaded_once_and_all_splits_share_the_room(
    dataset_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = opened(dataset_dir, "false")
    train, val = module.records("train"), module.records("val")
    residency = Residency("auto")
    needed = resident.needed_bytes(train)
    monkeypatch.setattr(resident, "load", lambda records, _: load(records, CPU))
    monkeypatch.setattr(resident, "free_bytes", lambda _: 2 * needed)
    first = residency.feed("train", train, CUDA)
    monkeypatch.setattr(resident, "free_bytes", lambda _: needed)  # what the first split left
    assert residency.feed("train", train, CUDA) is first
    assert residency.feed("val", val, CUDA) is val


def test_what_does_not_fit_is_refused_by_name(dataset_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = opened(dataset_dir, "true")
    monkeypatch.setattr(resident, "free_bytes", lambda _: 1000)
    refused = (
        r"data\.resident=true: the train split \(\d+ records, .* memory of cpu, of which 1e-06 GB are free"
    )
    with pytest.raises(ConfigurationError, match=refused):
        module.train_dataloader()


def test_room_of_a_processor_is_what_other_programs_have_left() -> None:
    cpu = torch.device("cpu")
    before = resident.free_bytes(cpu)
    taken = torch.ones(1 << 28, dtype=torch.uint8)  # touched, so that it is really taken
    left = resident.free_bytes(cpu)
    assert before - left > taken.nbytes / 2


def test_another_word_or_device_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"data\.resident=maybe: give one of auto, true, false"):
        Residency("maybe")
    with pytest.raises(ConfigurationError, match="not on meta"):
        resident.free_bytes(torch.device("meta"))
