"""How soon ``train.py`` answers: its help against a bare Hydra application's, and a refused setting.

Run with ``python -m benchmarks.startup``.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from rich.table import Table

from benchmarks.goal import Goal, cells, keep
from benchmarks.usage import tell_usage
from seismic_lightning.cli.console import say

REPEATS = 9
HELP_GOAL = Goal(1.5, at_least=False)
"""Times as long as the bare application's help."""
REFUSAL_GOAL = Goal(2.0, unit=" s", at_least=False)
TRAIN = Path(__file__).parents[1].absolute() / "train.py"
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
        commands = {
            "bare Hydra --help": ([str(bare), "--help"], 0),
            "train.py --help": ([str(TRAIN), "--help"], 0),
            "train.py beta=abc": ([str(TRAIN), "beta=abc"], 1),
        }
        rounds = [
            {name: _seconds(arguments, expected, folder) for name, (arguments, expected) in commands.items()}
            for _ in range(REPEATS)
        ]
    seconds = {name: median(times[name] for times in rounds) for name in commands}
    reference, helping, refusing = seconds.values()
    verdicts = [("", ""), cells(HELP_GOAL, helping / reference), cells(REFUSAL_GOAL, refusing)]
    table = Table("command", "s, median of interleaved repeats", "ratio", "goal", "verdict", title="start-up")
    for (name, time_s), verdict in zip(seconds.items(), verdicts, strict=True):
        table.add_row(name, f"{time_s:.3f}", f"{time_s / reference:.2f}", *verdict)
    say(table)
    keep(
        "--help, against a bare Hydra app",
        f"{helping:.2f} s",
        f"{reference:.2f} s",
        helping / reference,
        HELP_GOAL,
    )
    keep("a setting refused", f"{refusing:.2f} s", "", refusing, REFUSAL_GOAL)


def _seconds(arguments: list[str], expected: int, folder: str) -> float:
    """Time a command, which must end as expected."""
    start = perf_counter()
    run = subprocess.run([sys.executable, *arguments], cwd=folder, check=False, capture_output=True)
    seconds = perf_counter() - start
    if run.returncode != expected:
        raise RuntimeError(f"{' '.join(arguments)} ended with {run.returncode}: {run.stderr.decode()}")
    return seconds


if __name__ == "__main__":
    tell_usage(__doc__)
    main()
