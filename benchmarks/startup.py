"""How long ``train.py --help`` takes against a bare Hydra application's help; goal: at most 1.7 times."""

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from rich.console import Console
from rich.table import Table

REPEATS = 9
TRAIN = Path(__file__).parent.parent / "train.py"
BARE = """
import hydra

@hydra.main(version_base="1.3", config_path=None)
def main(config):
    pass

main()
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE)
        seconds: dict[Path, list[float]] = {bare: [], TRAIN: []}
        for _ in range(REPEATS):
            for script, times in seconds.items():
                times.append(_help_s(script))
    table = Table("command", "s, median of interleaved repeats", "ratio", title="start-up: --help")
    reference = median(seconds[bare])
    for script, times in seconds.items():
        table.add_row(script.name, f"{median(times):.3f}", f"{median(times) / reference:.2f}")
    Console().print(table)


def _help_s(script: Path) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, script, "--help"], check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - start


if __name__ == "__main__":
    main()
