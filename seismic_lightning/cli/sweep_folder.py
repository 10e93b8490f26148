"""The folder of a sweep: which sweep it holds, and which of its jobs are still to be done."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from seismic_lightning.cli.outcome import LOCK, STARTED, STOPPED, read_outcome, state_of
from seismic_lightning.errors import ConfigurationError, SweepError
from seismic_lightning.storage import write_atomically

IDENTITY = "sweep.json"
ON_FAILURE = ("continue", "stop")
OF_NO_JOB = ("resume", "on_failure")
"""Settings of the sweep that change nothing in its jobs."""

log = logging.getLogger(__name__)


def identity(config: DictConfig, *tunable: str) -> dict[str, Any]:
    """Return what makes two sweeps the same: the overrides in their order, and the sweeper's settings.

    Args:
        config: The composed configuration of the sweep.
        *tunable: Settings of the sweeper that may change between a sweep and its resumption.
    """
    typed = [str(word) for word in config.hydra.overrides.task]
    settings = OmegaConf.to_container(config.hydra.sweeper, resolve=True)
    assert isinstance(settings, dict)
    return {
        "overrides": [word for word in typed if name_of(word) not in OF_NO_JOB],
        "sweeper": {name: value for name, value in settings.items() if name not in tunable},
    }


def name_of(override: str) -> str:
    """Return the setting that an override is about.

    Example:
        >>> name_of("++model.latent_size=8")
        'model.latent_size'
    """
    return override.lstrip("+~").split("=")[0]


def open_folder(config: DictConfig, wanted: dict[str, Any]) -> Path:
    """Return the folder of a sweep and let every job know it: a new one, or with ``resume=true`` its old one.

    Args:
        config: The composed configuration; ``hydra.sweep.dir`` becomes a plain absolute path in it.
        wanted: See ``identity``.

    Raises:
        ConfigurationError: ``on_failure`` is unknown.
        SweepError: The folder holds another sweep, or is taken, or there is nothing to resume.
    """
    if config.on_failure not in ON_FAILURE:
        raise ConfigurationError(f"on_failure={config.on_failure}: choose one of {', '.join(ON_FAILURE)}.")
    folder = Path(config.hydra.sweep.dir).absolute()
    is_named = any(name_of(word) == "hydra.sweep.dir" for word in config.hydra.overrides.hydra)
    if config.resume and not is_named:
        folder = _newest(folder.parent, wanted)
    elif (folder / IDENTITY).is_file():
        _require_same(folder, wanted, config.resume)
    write_atomically(folder / IDENTITY, json.dumps(wanted, indent=1).encode())
    escaped = str(folder).replace("\\", "\\\\").replace("'", "\\'")
    with read_write(config), open_dict(config):
        config.hydra.sweep.dir = str(folder)
        config.hydra.overrides.hydra.append(f"hydra.sweep.dir='{escaped}'")
    return folder


def _require_same(folder: Path, wanted: dict[str, Any], resume: bool) -> None:
    held = read_identity(folder)
    if held != wanted:
        old, new = _words(held), _words(wanted)
        there = " ".join(word for word in old if word not in new) or "no more"
        here = " ".join(word for word in new if word not in old) or "no more"
        if sorted(old) == sorted(new):
            raise SweepError(
                f"{folder} holds this sweep in another order: type {' '.join(held['overrides'])}"
            )
        raise SweepError(f"{folder} holds another sweep: there {there}, here {here}; name another folder.")
    if not resume:
        raise SweepError(f"{folder} holds this sweep already: add resume=true, or name another folder.")


def _newest(root: Path, wanted: dict[str, Any]) -> Path:
    """Return the newest folder of the same sweep below a root."""
    found = sorted(root.glob(f"*/{IDENTITY}"), key=_age)
    same = [path.parent for path in found if read_identity(path.parent) == wanted]
    if not same:
        raise SweepError(
            f"resume=true: none of {len(found)} sweeps below {root} has these settings; leave resume out, or "
            "name a folder by hydra.sweep.dir."
        )
    return same[-1]


def _age(path: Path) -> tuple[bool, int]:
    """Order folders by age, those first in which nothing was begun."""
    return any(path.parent.glob(f"*/{STARTED}")), path.stat().st_mtime_ns


def read_identity(folder: Path) -> dict[str, Any]:
    """Return what a folder says its sweep is.

    Args:
        folder: Folder of a sweep.

    Raises:
        SweepError: The file is damaged.
    """
    try:
        stored = json.loads((folder / IDENTITY).read_bytes())
        return {"overrides": list(stored["overrides"]), "sweeper": dict(stored["sweeper"])}
    except (ValueError, TypeError, KeyError) as error:
        raise SweepError(
            f"{folder / IDENTITY} is damaged ({error}); name another folder by hydra.sweep.dir."
        ) from error


def _words(sweep: dict[str, Any]) -> list[str]:
    return [*sweep["overrides"], *(f"hydra.sweeper.{key}={value}" for key, value in sweep["sweeper"].items())]


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Let one process at a time launch jobs of a sweep.

    Args:
        folder: Folder of the sweep.

    Raises:
        SweepError: Another process is launching them.
    """
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise SweepError(f"{folder} is being swept by another process; wait for it, or end it.") from error
    try:
        (folder / STOPPED).unlink(missing_ok=True)
        yield
    finally:
        lock.release()


def job_state(folder: Path, number: int) -> str:
    """Return the state of a job; see ``outcome``."""
    return state_of(folder / str(number))


def job_error(folder: Path, number: int) -> str | None:
    """Return why a job failed."""
    outcome = read_outcome(folder / str(number))
    return None if outcome is None else outcome.error


def was_begun(folder: Path, number: int) -> bool:
    """Tell whether a job has begun since it was last made ready."""
    return (folder / str(number) / STARTED).is_file()


def make_ready(folder: Path, number: int) -> None:
    """Forget that a job was begun; what it has trained stays."""
    (folder / str(number) / STARTED).unlink(missing_ok=True)
