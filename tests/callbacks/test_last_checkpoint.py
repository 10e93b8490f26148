"""The newest state of a run: saved when due, never in a rehearsal, refused before training."""

from pathlib import Path

import pytest
from support.fake_datamodule import FakeDataModule
from support.training import quiet_trainer, small

from seismic_lightning.callbacks.last_checkpoint import LastCheckpoint
from seismic_lightning.errors import ConfigurationError, StorageError
from seismic_lightning.models.checkpoint_io import AtomicCheckpointIO


def test_a_folder_that_cannot_be_made_is_refused_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    folder = tmp_path / "file" / "checkpoints"
    trainer = quiet_trainer(tmp_path, LastCheckpoint(folder))
    with pytest.raises(StorageError, match=rf"{folder}.* cannot be written .*bytes are free"):
        trainer.fit(small(), FakeDataModule())
    assert trainer.global_step == 0


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
