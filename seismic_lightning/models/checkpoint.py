"""Reading a checkpoint file: plain data only, every byte checked, one kind of error."""

import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any

import torch

from seismic_lightning.errors import CheckpointError

MapLocation = torch.device | str | None
"""Where the tensors of a checkpoint go; None is where they came from."""

MODEL_KEY = "model"
"""Where a checkpoint names the class of its model, as ``module.Class``."""

_DAMAGE = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    zlib.error,
    zipfile.BadZipFile,
    NotImplementedError,
)


def read_checkpoint(path: str | Path, map_location: MapLocation = None) -> dict[str, Any]:
    """Read a local checkpoint file into a dictionary, without running any code that it may contain.

    The checksums of the file's parts are compared first: PyTorch alone would load some damaged files as
    other weights.

    Args:
        path: The file.
        map_location: Where tensors go, as in ``torch.load``.

    Returns:
        The checkpoint as Lightning saved it.

    Raises:
        CheckpointError: If the file is missing, damaged, holds more than plain data, or is no checkpoint.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such checkpoint file")
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise zipfile.BadZipFile(f"the checksum of its part {damaged} does not match")
        checkpoint = torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path}: holds more than numbers, text and tensors and is not loaded, since that could run code "
            f"({_first_line(error)})"
        ) from error
    except _DAMAGE as error:
        raise CheckpointError(
            f"{path}: is damaged or no checkpoint ({_first_line(error)}); take an earlier one"
        ) from error
    if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get("state_dict"), dict):
        raise CheckpointError(f"{path}: holds no model; expected a checkpoint written by training")
    return checkpoint


def model_name(checkpoint: dict[str, Any]) -> str:
    """Return the class that a checkpoint names, or words that say it names none.

    Args:
        checkpoint: As returned by ``read_checkpoint``.

    Returns:
        For example ``seismic_lightning.models.vae.VAE``.
    """
    return str(checkpoint.get(MODEL_KEY, "a model of unknown class"))


def _first_line(error: BaseException) -> str:
    """Return the part of an error's text that fits into another error's."""
    return next(iter(str(error).splitlines()), type(error).__name__).strip()[:200]
