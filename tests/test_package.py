"""What is installed is complete: configuration, type marker, and commands that run by name and as modules."""

import runpy
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from seismic_lightning.cli.help import config_folder, help_text

ROOT = Path(__file__).parents[1]
SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]


def test_the_wheel_holds_every_configuration_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    options = {
        path.relative_to(ROOT) for path in (ROOT / "conf").rglob("*.yaml") if path.parent.name != "local"
    }
    assert {f"seismic_lightning/{path}" for path in options} <= names
    assert "seismic_lightning/py.typed" in names


@pytest.mark.parametrize(("script", "entry"), SCRIPTS.items())
def test_a_command_runs_as_a_module_too(
    script: str, entry: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module, _, _ = entry.partition(":")
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setattr(sys, "argv", [script, "--help"])
    runpy.run_module(module, run_name="__main__")
    command = script.removeprefix("seismic-")
    assert capsys.readouterr().out == help_text(command, config_folder()) + "\n"
