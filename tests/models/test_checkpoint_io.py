"""Checkpoints on the disk: what is saved is loaded, whole or not at all."""

from pathlib import Path

import pytest
import torch
from support.fake_datamodule import FakeDataModule
from support.training import quiet_trainer, small

from seismic_lightning.errors import CheckpointError, StorageError
from seismic_lightning.models.checkpoint_io import AtomicCheckpointIO

CHECKPOINT = {"state_dict": {"weight": torch.arange(100_000.0)}}


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    checkpoint_io = AtomicCheckpointIO()
    path = tmp_path / "new folder" / "a.ckpt"
    checkpoint_io.save_checkpoint(CHECKPOINT, path)
    loaded = checkpoint_io.load_checkpoint(path)
    assert torch.equal(loaded["state_dict"]["weight"], CHECKPOINT["state_dict"]["weight"])
    assert files_in(path.parent) == ["a.ckpt"]
    checkpoint_io.remove_checkpoint(path)
    assert not path.exists()


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".best.ckpt.123.part").write_bytes(b"half")
    AtomicCheckpointIO().save_checkpoint(CHECKPOINT, tmp_path / "a.ckpt")
    assert files_in(tmp_path) == ["a.ckpt"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageError, match=r"file/last\.ckpt cannot be written .*bytes are free"):
        AtomicCheckpointIO().save_checkpoint(CHECKPOINT, tmp_path / "file" / "last.ckpt")


def test_storage_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="takes no storage_options"):
        AtomicCheckpointIO().save_checkpoint(CHECKPOINT, tmp_path / "a.ckpt", storage_options={"a": 1})


def test_a_damaged_file_is_refused_on_resume(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint(CHECKPOINT, path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match=r"last\.ckpt: is damaged"):
        quiet_trainer(tmp_path).fit(small(), FakeDataModule(), ckpt_path=path)
