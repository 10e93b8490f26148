"""How every command starts: Hydra composes, and whatever the user got wrong ends in one line and exit code 1.

Hydra prints its own errors and exits; with ``HYDRA_FULL_ERROR`` it lets them through, so that this module
can say them in the words of the command, with the nearest known name where a name was mistyped. Asking for
any ``debug`` option brings the traceback back.
"""

import difflib
import errno
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import seismic_lightning
from seismic_lightning.cli.help import help_text
from seismic_lightning.cli.schema import register
from seismic_lightning.errors import SeismicLightningError

_MISSING_OPTION = re.compile(
    r"Could not find '(?P<wanted>[^']+)'\s+Available options in '(?P<group>[^']+)':\s+(?P<options>.*)",
    re.DOTALL,
)

_STORAGE_ERRORS = (
    errno.EACCES, errno.EDQUOT, errno.EEXIST, errno.EROFS, errno.ENOSPC, errno.ENOTDIR,
)  # fmt: skip


def launch(task: Callable[[DictConfig], object], config_name: str, schema: type) -> None:
    """Run a command under Hydra.

    Args:
        task: Receives the composed configuration.
        config_name: The command's file in the configuration folder.
        schema: Its typed shape.
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
        _run(task, config_name)
    except (HydraException, OmegaConfBaseException, SeismicLightningError) as error:
        if _wants_traceback(sys.argv):
            traceback.print_exc()
        sys.exit(f"error: {explain(error, known_keys(config_name), sys.argv[1:])}")
    except OSError as error:
        if error.errno not in _STORAGE_ERRORS:
            raise
        sys.exit(
            f"error: cannot write {error.filename or 'a file'}: {error.strerror}; give another output_dir."
        )
    except KeyboardInterrupt:
        sys.exit(130)


def _run(task: Callable[[DictConfig], object], config_name: str) -> None:
    """Let Hydra run the task; a single run's refusal is raised without a line of Hydra's own before it."""
    refused: list[SeismicLightningError] = []

    def guarded(config: DictConfig) -> object:
        try:
            return task(config)
        except SeismicLightningError as error:
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                raise  # Hydra tells which job failed and goes on with the others
            refused.append(error)
            return None

    hydra.main(version_base="1.3", config_path=str(config_folder()), config_name=config_name)(guarded)()
    if refused:
        raise refused[0]


def config_folder() -> Path:
    """Return the folder of configuration files: beside the package, or inside it when installed."""
    package = Path(seismic_lightning.__file__).parent
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def explain(error: Exception, known: list[str], overrides: list[str]) -> str:
    """Say an error in one or two lines, with what was probably meant.

    Args:
        error: What Hydra, OmegaConf or this package raised.
        known: Keys that the command has.
        overrides: What the user typed.
    """
    cause = _user_error(error)
    if cause is not None:
        return str(cause)
    text = str(error).split("\nfull_key")[0].split("\n    full_key")[0].strip()
    unknown = re.search(r"Could not override '([^']+)'", text) or re.search(
        r"Key '([^']+)' is not in struct", text
    )
    if unknown:
        key = unknown.group(1)
        return f"'{key}' is not a setting of this command{_suggestion(key, known)}"
    missing = _MISSING_OPTION.search(text)
    if missing:
        group, options = missing["group"], missing["options"].split("\nConfig search path")[0].split()
        option = missing["wanted"].removeprefix(f"{group}/")
        return f"{group}={option} does not exist{_suggestion(option, options)} Options: {', '.join(options)}."
    mistyped = [override for override in overrides if override in text]
    reason = str(error.__cause__).splitlines()[0] if error.__cause__ is not None else ""
    return f"{mistyped[0]}: {reason}" if mistyped and reason else " ".join(text.split())


def known_keys(config_name: str) -> list[str]:
    """Return every dotted key of a command's default configuration, for suggestions.

    Args:
        config_name: The command's file in the configuration folder.
    """
    with hydra.initialize_config_dir(str(config_folder()), version_base="1.3"):
        return list(_dotted(OmegaConf.to_container(hydra.compose(config_name)), ""))


def _dotted(node: Any, prefix: str) -> Iterator[str]:  # noqa: ANN401 - a plain tree of anything
    if isinstance(node, dict):
        for key, value in node.items():
            yield f"{prefix}{key}"
            yield from _dotted(value, f"{prefix}{key}.")


def _suggestion(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else "."


def _user_error(error: BaseException | None) -> SeismicLightningError | None:
    while error is not None:
        if isinstance(error, SeismicLightningError):
            return error
        error = error.__cause__
    return None


def _wants_traceback(argv: list[str]) -> bool:
    return any(argument.startswith("debug=") for argument in argv)
