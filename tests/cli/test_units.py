"""The units of training are one override, and what they need is asked for by name."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from support.archive import write_archive
from support.instruments import equip

from seismic_lightning.cli.train import main
from seismic_lightning.simulation.metadata import _response as simulated

RunCommand = Callable[..., None]


def overrides(archive: Path, folder: Path) -> list[str]:
    return [
        "data=archive", f"archive_dir={archive}", f"output_dir={folder}", f"hydra.run.dir={folder}/run",
        "window.length_s=20", "select.min_snr=0", "trainer=cpu", "model.channels=[4,8,8,8]", "debug=fast",
        "preprocess.units=velocity",
    ]  # fmt: skip


def test_a_model_learns_from_ground_velocity(tmp_path: Path, run_command: RunCommand) -> None:
    archive = write_archive(tmp_path / "archive", n_events=8, n_stations=2)
    equip(archive, {"": simulated("HH", 9e8)})
    run_command(main, *overrides(archive, tmp_path))
    stored = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    state = stored["SpectrogramDataModule"]
    assert state["unit"] == "mps"
    assert state["front"]["preprocess"]["units"] == "velocity"


def test_an_archive_without_responses_is_refused_in_one_line(
    tmp_path: Path, run_command: RunCommand, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = write_archive(tmp_path / "archive", n_events=8, n_stations=2)
    with pytest.raises(SystemExit):
        run_command(main, *overrides(archive, tmp_path))
    said = " ".join(capsys.readouterr().err.split())
    assert "16 of 16 records" in said
    assert "units=counts" in said
