"""How every command starts: Hydra composes, and whatever the user got wrong ends in one line and exit code 1.

Hydra prints its own errors and exits; with ``HYDRA_FULL_ERROR`` it lets them through, so that this module
can say them in the words of the command, with the nearest known name where a name was mistyped. Asking for
any ``debug`` option brings the traceback back.
"""

import errno
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from seismic_lightning.cli.console import write_to_log
from seismic_lightning.cli.explain import explain, known_keys
from seismic_lightning.cli.help import config_folder, help_text
from seismic_lightning.cli.run_folder import forget_run
from seismic_lightning.cli.schema import register
from seismic_lightning.errors import SeismicLightningError

_STORAGE_ERRORS = (
    errno.EACCES, errno.EDQUOT, errno.EEXIST, errno.EROFS, errno.ENOSPC, errno.ENOTDIR,
)  # fmt: skip

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended, as shells have it."""


def launch(
    task: Callable[[DictConfig], object],
    config_name: str,
    schema: type,
    *,
    words_for_all: Callable[[Sequence[str]], list[str]] | None = None,
    logs_refusals: bool = True,
) -> None:
    """Run a command under Hydra.

    Args:
        task: Receives the composed configuration.
        config_name: The command's file in the configuration folder.
        schema: Its typed shape.
        words_for_all: Of a command that several processes run together: what this one of them adds to the
            overrides that were typed.
        logs_refusals: Whether the folder of a run that was refused stays, with its log.
    """
    if {"--help", "-h"} & set(sys.argv):
        sys.stdout.write(help_text(config_name, config_folder()) + "\n")
        return
    # Anywhere but in front, -m would cut the overrides in two, of which argparse refuses the second half.
    sys.argv[1:] = sorted(sys.argv[1:], key=lambda word: word not in ("-m", "--multirun"))
    register(f"{config_name}_schema", schema)
    OmegaConf.register_new_resolver("pid", os.getpid, replace=True)
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        if words_for_all is not None:
            sys.argv += words_for_all(sys.argv[1:])
        _run(task, config_name, logs_refusals)
    except (HydraException, OmegaConfBaseException, SeismicLightningError) as error:
        if _wants_traceback(sys.argv):
            traceback.print_exc()
        refuse(explain(error, known_keys(config_name), sys.argv[1:]))
    except ValueError as error:
        if "Config group override" not in str(error):
            raise
        refuse(f"{error}; name an option of the group.")
    except OSError as error:
        if error.errno not in _STORAGE_ERRORS:
            raise
        refuse(
            f"cannot write {error.filename or 'a file'}: {error.strerror}; give another output_dir, or "
            "work in a folder that you may write to."
        )
    except KeyboardInterrupt:
        write_to_log("interrupted")
        sys.stderr.write("interrupted: what was not finished is not kept, except a training's checkpoints.\n")
        sys.exit(INTERRUPTED)


def _run(task: Callable[[DictConfig], object], config_name: str, logs_refusals: bool) -> None:
    """Let Hydra run the task; a single run's refusal is raised without a line of Hydra's own before it."""
    refused: list[SeismicLightningError] = []

    def guarded(config: DictConfig) -> object:
        try:
            return task(config)
        except SeismicLightningError as error:
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                raise  # Hydra tells which job failed and goes on with the others
            refused.append(error)
            if not logs_refusals:
                forget_run(Path(HydraConfig.get().runtime.output_dir))
            return None

    hydra.main(version_base="1.3", config_path=str(config_folder()), config_name=config_name)(guarded)()
    if refused:
        raise refused[0]


def refuse(message: str) -> NoReturn:
    """End the command with one line on the terminal and in the run's log, and exit code 1."""
    write_to_log(f"error: {message}")
    sys.exit(f"error: {message}")


def _wants_traceback(argv: list[str]) -> bool:
    return any(argument.startswith("debug=") for argument in argv)
