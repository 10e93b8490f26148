"""``ckpt_path`` finds what a user means by it, or says where it looked."""

import os
from pathlib import Path

import pytest

from seismic_lightning.cli.resume import resolve_checkpoint
from seismic_lightning.errors import CheckpointError


def checkpoint(folder: Path, name: str, modified_s: int) -> Path:
    path = folder / "checkpoints" / f"{name}.ckpt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (modified_s, modified_s))
    return path


def test_nothing_asked_is_nothing_resumed(tmp_path: Path) -> None:
    assert resolve_checkpoint(None, tmp_path, tmp_path, "train") is None


def test_last_is_of_the_newest_run(tmp_path: Path) -> None:
    newest = checkpoint(tmp_path / "train" / "a", "last", 2000)
    checkpoint(tmp_path / "train" / "b", "last", 1000)
    assert resolve_checkpoint("last", tmp_path / "train" / "c", tmp_path, "train") == newest


def test_last_is_of_this_run_when_it_has_one(tmp_path: Path) -> None:
    checkpoint(tmp_path / "train" / "a", "last", 2000)
    own = checkpoint(tmp_path / "mine", "last", 1000)
    assert resolve_checkpoint("last", tmp_path / "mine", tmp_path, "train") == own


@pytest.mark.parametrize("asked", ["last", "best", "gone.ckpt"])
def test_a_missing_checkpoint_is_named(tmp_path: Path, asked: str) -> None:
    with pytest.raises(CheckpointError, match=asked):
        resolve_checkpoint(asked, tmp_path, tmp_path, "train")
