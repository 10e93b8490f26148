"""Benchmarks answer ``--help`` before they work."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = [path for path in sorted((ROOT / "benchmarks").glob("*.py")) if "__main__" in path.read_text()]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_benchmark_looks_at_its_words_first(path: Path) -> None:
    first = path.read_text().split('if __name__ == "__main__":\n')[1].splitlines()[0].strip()
    takes_words = "usage: " in path.read_text() or "argparse" in path.read_text()
    assert first == ("main()" if takes_words else "tell_usage(__doc__)")


def test_help_tells_what_is_measured_and_measures_nothing() -> None:
    command = [sys.executable, "-m", "benchmarks.startup", "--help"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "How soon ``train.py`` answers" in told
    assert "verdict" not in told
