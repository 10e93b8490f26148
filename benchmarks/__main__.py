"""Run every benchmark in a process of its own, then print a table of all goals: ``python -m benchmarks``."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.table import Table

from benchmarks.goal import FIGURES
from benchmarks.usage import tell_usage
from seismic_lightning.cli.console import say

NAMES = (
    "front", "loader", "filters", "train_step", "access", "ingest", "bulletin", "phase", "generation",
    "simulation", "archive", "acquisition", "startup",
)  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.jsonl"
        for name in NAMES:
            environment = os.environ | {FIGURES: str(path)}
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True, env=environment)
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    table = Table("benchmark", "ours", "peer", "figure", "goal", "verdict", title="all goals")
    for row in rows:
        table.add_row(*row)
    say(table)


if __name__ == "__main__":
    tell_usage(__doc__)
    main()
