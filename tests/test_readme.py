"""The commands of the README are read out of it and run."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seismic_lightning.cli.curate import main as curate_main
from seismic_lightning.cli.simulate import main as simulate_main
from seismic_lightning.cli.train import main as train_main

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]
SHORT = ["window=short", "select.min_snr=0"]
FAST = [
    "debug=fast",
    "logger=none",
    "model.channels=[4,8,8,8]",
    "hydra.sweep.dir={folder}/sweep",
    "output_dir={folder}",
]


def test_the_readme_has_the_commands_a_user_needs() -> None:
    firsts = [shlex.split(line)[0] for line in COMMANDS]
    assert firsts == ["make"] * 3 + ["seismic-simulate", "seismic-curate", "python", "python", "tensorboard"]


def test_make_targets_of_the_readme_exist() -> None:
    targets = {shlex.split(line)[1] for line in COMMANDS if line.startswith("make ")}
    makefile = (ROOT / "Makefile").read_text()
    assert targets
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_the_commands_run_one_after_the_other(
    archive_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_command: Callable[..., None]
) -> None:
    monkeypatch.chdir(tmp_path)
    for line in COMMANDS:
        words = shlex.split(
            line.replace("ARCHIVE", str(archive_dir))
            .replace("DATASET", str(tmp_path / "dataset"))
            .replace("SIMULATED", str(tmp_path / "simulated"))
        )
        if words[0] == "seismic-simulate":
            run_command(simulate_main, *words[1:], f"output_dir={tmp_path}")
        elif words[0] == "seismic-curate":
            run_command(curate_main, *words[1:], *SHORT, f"output_dir={tmp_path}")
        elif words[0] == "python":
            assert words[1] == "train.py"
            curates = [] if "data=dataset" in words else SHORT
            run_command(train_main, *words[2:], *curates, *(text.format(folder=tmp_path) for text in FAST))
    assert (tmp_path / "simulated" / "catalogue.xml").is_file()
    assert (tmp_path / "dataset" / "metadata.parquet").is_file()
    assert len(list(tmp_path.glob("train/*/checkpoints/best.ckpt"))) == 1
    assert len(list(tmp_path.glob("sweep/*/checkpoints/best.ckpt"))) == 6


def test_the_python_of_the_documentation_runs(
    dataset_dir: Path, tmp_path: Path, run_command: Callable[..., None]
) -> None:
    where = [
        f"dataset_dir={dataset_dir}",
        f"hydra.run.dir={tmp_path}/run",
        f"output_dir={tmp_path}",
        "data=dataset",
    ]
    run_command(train_main, *where, "model=cvae", "debug=fast", "logger=none", "model.channels=[4,8,8,8]")
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(), re.DOTALL)
    names: dict[str, Any] = {
        "dataset_dir": dataset_dir,
        "ckpt_path": tmp_path / "run" / "checkpoints" / "best.ckpt",
    }
    for block in blocks:
        exec(compile(block, "python.md", "exec"), names)
    assert len(blocks) == 2
    assert names["level_db"].shape == names["spectrogram"].shape == (1, 3, 129, 32)
