"""From a checkpoint file to the model it holds, with nothing but the file."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

from seismic_lightning.errors import CheckpointError
from seismic_lightning.models.base import SpectrogramAutoencoder
from seismic_lightning.models.checkpoint import MapLocation, model_name, read_checkpoint

_OURS = re.compile(r"seismic_lightning\.models\.[a-z_]+\.[A-Za-z]+")


def load_model(path: str | Path, map_location: MapLocation = "cpu") -> SpectrogramAutoencoder:
    """Load the model that a checkpoint holds, whichever of this package's models that is.

    Args:
        path: Checkpoint file written by training.
        map_location: Device of the returned model.

    Returns:
        The model in evaluation mode.

    Raises:
        CheckpointError: If the file is missing or damaged, or holds no model of this package.
    """
    return model_of(read_checkpoint(path, map_location), path)


def model_of(checkpoint: dict[str, Any], path: str | Path) -> SpectrogramAutoencoder:
    """Build the model of a checkpoint that has been read.

    Args:
        checkpoint: As returned by ``read_checkpoint``.
        path: Its file, for errors.

    Returns:
        The model in evaluation mode, where the checkpoint's weights are.

    Raises:
        CheckpointError: If it holds no model of this package, or one that does not fit.
    """
    name = model_name(checkpoint)
    found = class_of(name)
    if found is None:
        raise CheckpointError(f"{path}: holds {name}; expected a model of seismic_lightning.models")
    return found.from_checkpoint(checkpoint, path).eval()


def class_of(name: str) -> type[SpectrogramAutoencoder] | None:
    """Find a model class by its full name, looking nowhere but in this package."""
    if _OURS.fullmatch(name) is None:
        return None
    module_name, _, class_name = name.rpartition(".")
    try:
        found = getattr(import_module(module_name), class_name, None)
    except ModuleNotFoundError:
        return None
    return found if isinstance(found, type) and issubclass(found, SpectrogramAutoencoder) else None
