"""What tests of commands share: a folder whose logs harm nobody, with files that are no checkpoints."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a new folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def refuses(own_folder: Path, dataset_dir: Path, run_command: Callable[..., None]) -> Callable[..., None]:
    """Return a check that a command ends in one error; ``DATASET`` in overrides stands for a dataset.

    ``foreign.ckpt`` is a checkpoint of another program, ``text.ckpt`` none at all.
    """
    torch.save({"state_dict": {}}, own_folder / "foreign.ckpt")
    (own_folder / "text.ckpt").write_text("no checkpoint")

    def check(main: Callable[[], None], overrides: tuple[str, ...], message: str) -> None:
        with pytest.raises(SystemExit, match=message):
            run_command(main, *(text.replace("DATASET", str(dataset_dir)) for text in overrides))

    return check
