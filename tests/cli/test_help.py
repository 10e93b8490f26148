"""Help answers at once and tells every setting and option."""

import subprocess
import sys
from pathlib import Path

import pytest

from seismic_lightning.cli.help import config_folder, help_text

TRAIN = Path(__file__).parents[2] / "train.py"
HEAVY = {"torch", "lightning", "obspy", "pandas", "matplotlib"}


@pytest.mark.parametrize("arguments", [["--help"], ["beta=abc"], ["betta=1"]])
def test_answers_that_need_no_training_import_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", str(TRAIN), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "omegaconf" in imported
    assert not imported & HEAVY


@pytest.mark.parametrize("command", ["train", "curate"])
def test_help_tells_settings_with_their_meaning_and_options(command: str) -> None:
    text = help_text(command, config_folder())
    assert "archive_dir: null # an observatory's archive" in text
    assert "window      [default] short" in text
    assert "defaults:" not in text.split("Settings and their defaults:")[1].split("Groups")[0]


@pytest.mark.parametrize(
    ("command", "word"), [("train", "python train.py"), ("generate", "seismic-generate")]
)
def test_help_speaks_of_its_own_command(command: str, word: str) -> None:
    text = help_text(command, config_folder())
    assert f'eval "$({word} -sc install=bash)"' in text
    assert ("Groups, [default]" in text) == (command == "train")  # the other one has no groups
