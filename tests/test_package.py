"""What is installed is complete: the wheel carries the configuration folder and the type marker."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


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
