"""Say what was wrong with a configuration in the words of the command, with what was probably meant."""

import difflib
import re
from collections.abc import Iterator
from typing import Any

import hydra
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from seismic_lightning.cli.help import config_folder
from seismic_lightning.errors import SeismicLightningError

_MISSING_OPTION = re.compile(
    r"Could not find '(?P<wanted>[^']+)'\s+Available options in '(?P<group>[^']+)':\s+(?P<options>.*)",
    re.DOTALL,
)
_SEVERAL_VALUES = re.compile(r"Ambiguous value for argument '(?P<name>[^'=]+)=(?P<values>[^']*)'")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


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
        return _not_a_setting(unknown.group(1), known)
    missing = _MISSING_OPTION.search(text)
    if missing:
        group, options = missing["group"], missing["options"].split("\nConfig search path")[0].split()
        option = missing["wanted"].removeprefix(f"{group}/")
        return f"{group}={option} does not exist{_suggestion(option, options)} Options: {', '.join(options)}."
    several = _SEVERAL_VALUES.search(text)
    if several:
        return _several_values(several["name"], several["values"])
    mistyped = [override for override in overrides if override in text]
    reason = str(error.__cause__).splitlines()[0] if error.__cause__ is not None else ""
    return f"{mistyped[0]}: {reason}" if mistyped and reason else " ".join(text.split())


def known_keys(config_name: str) -> list[str]:
    """Return every dotted key of a command's default configuration, for suggestions.

    Args:
        config_name: The command's file in the configuration folder.
    """
    try:
        with hydra.initialize_config_dir(str(config_folder()), version_base="1.3"):
            return list(_dotted(OmegaConf.to_container(hydra.compose(config_name)), ""))
    except (HydraException, OmegaConfBaseException):
        return []  # a file of the folder is itself what is wrong


def _dotted(node: Any, prefix: str) -> Iterator[str]:  # noqa: ANN401 - a plain tree of anything
    if isinstance(node, dict):
        for key, value in node.items():
            yield f"{prefix}{key}"
            yield from _dotted(value, f"{prefix}{key}.")


def _not_a_setting(key: str, known: list[str]) -> str:
    """Say what an unknown key may have meant: a near name, another option's setting, or a new entry."""
    message = f"'{key}' is not a setting of this command"
    if key in known:
        return f"{message} with the options chosen; another option of '{key.split('.')[0]}' has it."
    addition = f" A new entry is written +{key}=..." if key.rpartition(".")[0] in known else ""
    return f"{message}{_suggestion(key, known)}{addition}"


def _several_values(name: str, values: str) -> str:
    """Say what a comma may have meant: the decimal sign, a sweep or a list."""
    if _DECIMAL_COMMA.fullmatch(values):
        return (
            f"{name}={values}: numbers have a decimal point, {name}={values.replace(',', '.')}; or put -m in "
            "front for a run with each value"
        )
    return (
        f"{name}={values}: put -m in front for a run with each value, or write {name}=[{values}] for a list"
    )


def _suggestion(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else "."


def _user_error(error: BaseException | None) -> SeismicLightningError | None:
    while error is not None:
        if isinstance(error, SeismicLightningError):
            return error
        error = error.__cause__
    return None
