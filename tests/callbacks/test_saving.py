"""Checkpoints on the disk: whole or not at all."""

import os
import resource
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from support.fake_datamodule import FakeDataModule
from support.training import quiet_trainer, small

from seismic_lightning.callbacks.atomic_checkpoint import AtomicCheckpointIO, require_writable
from seismic_lightning.callbacks.last_checkpoint import LastCheckpoint
from seismic_lightning.errors import CheckpointError, ConfigurationError, StorageError

CHECKPOINT = {"state_dict": {"weight": torch.arange(100_000.0)}}


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Let every file end at 50 kB, as a disk without room does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    checkpoint_io = AtomicCheckpointIO()
    path = tmp_path / "new folder" / "a.ckpt"
    checkpoint_io.save_checkpoint(CHECKPOINT, path)
    loaded = checkpoint_io.load_checkpoint(path)
    assert torch.equal(loaded["state_dict"]["weight"], CHECKPOINT["state_dict"]["weight"])
    assert files_in(path.parent) == ["a.ckpt"]
    checkpoint_io.remove_checkpoint(path)
    assert not path.exists()


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        AtomicCheckpointIO().save_checkpoint(CHECKPOINT, tmp_path / "a.ckpt")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.ckpt").stat().st_mode) == 0o640


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".best.ckpt.part").write_bytes(b"half")
    (tmp_path / "keep.part").write_bytes(b"another's")
    AtomicCheckpointIO().save_checkpoint(CHECKPOINT, tmp_path / "a.ckpt")
    assert files_in(tmp_path) == ["a.ckpt", "keep.part"]


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_named_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint({"state_dict": {}}, path)
    before = path.read_bytes()
    with pytest.raises(StorageError, match=rf"{tmp_path}: cannot write last\.ckpt .*[\d,]+ bytes are free"):
        AtomicCheckpointIO().save_checkpoint(CHECKPOINT, path)
    assert path.read_bytes() == before
    assert files_in(tmp_path) == ["last.ckpt"]


def test_a_folder_that_cannot_be_made_is_refused_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    folder = tmp_path / "file" / "checkpoints"
    expected = rf"{folder}: checkpoints cannot be written here .*bytes are free"
    with pytest.raises(StorageError, match=expected):
        require_writable(folder)
    trainer = quiet_trainer(tmp_path, LastCheckpoint(folder))
    with pytest.raises(StorageError, match=expected):
        trainer.fit(small(), FakeDataModule())
    assert trainer.global_step == 0


def test_a_writable_folder_is_left_empty(tmp_path: Path) -> None:
    require_writable(tmp_path / "new")
    assert files_in(tmp_path / "new") == []


def test_storage_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="takes no storage_options"):
        AtomicCheckpointIO().save_checkpoint(CHECKPOINT, tmp_path / "a.ckpt", storage_options={"a": 1})


def test_a_damaged_file_is_refused_on_resume(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint(CHECKPOINT, path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match=r"last\.ckpt: is damaged"):
        quiet_trainer(tmp_path).fit(small(), FakeDataModule(), ckpt_path=path)


@pytest.mark.parametrize(
    ("every_n_train_steps", "expected"), [(None, [4, 8]), (3, [3, 4, 6, 8]), (4, [4, 8])]
)
def test_the_last_state_is_saved_when_due(
    every_n_train_steps: int | None, expected: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = []

    def note(_: object, checkpoint: dict[str, int], path: Path) -> None:
        assert path == tmp_path / "last.ckpt"
        saved.append(checkpoint["global_step"])

    monkeypatch.setattr(AtomicCheckpointIO, "save_checkpoint", lambda *a, **_: note(*a))
    trainer = quiet_trainer(tmp_path, LastCheckpoint(tmp_path, every_n_train_steps), max_epochs=2)
    trainer.fit(small(), FakeDataModule())
    assert saved == expected


def test_a_rehearsal_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    quiet_trainer(tmp_path, LastCheckpoint(folder), fast_dev_run=True).fit(small(), FakeDataModule())
    assert not folder.exists()


def test_a_step_number_below_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="every_n_train_steps=0"):
        LastCheckpoint(tmp_path, every_n_train_steps=0)
