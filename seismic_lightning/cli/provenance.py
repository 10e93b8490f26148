"""What a run's folder tells about how the run was made."""

import importlib.metadata
import json
import platform
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import seismic_lightning


def describe_run(seed: int, overrides: list[str]) -> dict[str, Any]:
    """Return everything needed to make a run again, as plain values.

    Args:
        seed: Seed of the run.
        overrides: What the user typed after the command.
    """
    import torch

    program = Path(sys.argv[0]).name
    return {
        # a launcher on a cluster starts a job by a file of its own
        "command": shlex.join(["train.py" if program.startswith("_") else program, *overrides]),
        "overrides": overrides,
        "seed": seed,
        "git": git_state(Path(seismic_lightning.__file__).parent),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "torch_threads": torch.get_num_threads(),
        "packages": {
            distribution.metadata["Name"]: distribution.version
            for distribution in importlib.metadata.distributions()
        },
    }


def write_description(run_dir: Path, description: dict[str, Any]) -> None:
    """Write ``run.json`` into the run's folder."""
    (run_dir / "run.json").write_text(json.dumps(description, indent=1, sort_keys=True) + "\n")


def git_state(folder: Path) -> dict[str, Any] | None:
    """Return commit and whether the checkout differs from it; None outside a checkout or without git."""
    commit = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return None if commit is None or changed is None else {"commit": commit, "modified": bool(changed)}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
