"""A command that sweeps as ``train.py`` does, with trainings that take no time and fail when told to."""

import functools
import json
import math
import os
import time
from pathlib import Path

from omegaconf import DictConfig

from seismic_lightning.cli.launch import launch
from seismic_lightning.cli.outcome import Result, run_recorded
from seismic_lightning.cli.schema import TrainConfig
from seismic_lightning.cli.study import trial_reporter
from seismic_lightning.errors import PrunedError

LEDGER = "ledger.txt"
"""One line for each fake training that came to its end, below ``output_dir``."""


def main() -> None:
    """Run the command."""
    launch(functools.partial(run_recorded, fake_training), "train", TrainConfig)


def fake_training(config: DictConfig) -> Result:
    """Give a score that is best at beta = 1; fail or die where ``output_dir`` holds a file that says so."""
    root, run_dir = Path(config.output_dir), Path(config.paths.run_dir)
    described = {"git": {"commit": "0123456789abcdef", "modified": False}}
    (run_dir / "run.json").write_text(json.dumps(described))
    if (root / "slow_s").is_file():
        time.sleep(float((root / "slow_s").read_text()))
    if (root / f"die_{config.beta:g}").is_file():
        os._exit(9)
    if (root / f"fail_{config.beta:g}").is_file():
        raise RuntimeError(f"beta {config.beta:g} is\nnot to be")
    score = math.log(config.beta) ** 2 + 0.01 * config.seed
    report = trial_reporter(run_dir)
    for epoch in range(3):
        if report is not None and report(epoch, score):
            raise PrunedError(f"score {score:.3g} in epoch {epoch}")
    with (root / LEDGER).open("a") as ledger:
        ledger.write(f"{run_dir.name} {config.beta:g} {config.seed} {config.ckpt_path}\n")
    return Result("val/score", score, {"test/mse": score / 2}, str(run_dir / "checkpoints" / "best.ckpt"))


def ledger(root: Path) -> list[list[str]]:
    """Return what came to its end: job, beta, seed and checkpoint, in this order.

    Args:
        root: ``output_dir`` of the sweep.
    """
    path = root / LEDGER
    return [line.split() for line in path.read_text().splitlines()] if path.is_file() else []


if __name__ == "__main__":
    main()
