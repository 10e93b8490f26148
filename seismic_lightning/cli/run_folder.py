"""The folder that Hydra makes for a run before the command has looked at its settings."""

import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path


def forget_run(run_dir: Path) -> None:
    """Remove the folder of a run that was refused, and those above it that hold nothing else.

    Only a folder whose name ends with this process's number is removed, as those of our configuration do:
    one that the user named may hold other things.

    Args:
        run_dir: Where Hydra keeps the run's log and configuration.
    """
    if not run_dir.name.endswith(f"_{os.getpid()}"):
        return
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, logging.FileHandler) and run_dir in Path(handler.baseFilename).parents:
            root.removeHandler(handler)
            handler.close()
    shutil.rmtree(run_dir, ignore_errors=True)
    with suppress(OSError):  # where it holds more than this run
        run_dir.parent.rmdir()
        run_dir.parent.parent.rmdir()
