"""Run every benchmark in a process of its own and print its table: ``python -m benchmarks``."""

import subprocess
import sys

from benchmarks.usage import tell_usage

NAMES = (
    "front", "train_step", "access", "ingest", "bulletin", "phase", "generation", "simulation", "archive",
    "acquisition", "startup",
)  # fmt: skip


def main() -> None:
    for name in NAMES:
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)


if __name__ == "__main__":
    tell_usage(__doc__)
    main()
