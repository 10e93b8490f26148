"""Checkpoints that name their model and are read as plain data only, with one kind of error."""

import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any, Self

import lightning as L
import torch
from torch import Tensor

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


def read_checkpoint(path: str | Path, map_location: MapLocation = "cpu") -> dict[str, Any]:
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
            f"({_one_line(error)})"
        ) from error
    except _DAMAGE as error:
        raise CheckpointError(
            f"{path}: is damaged or no checkpoint ({_one_line(error)}); take an earlier one"
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


class SelfNamingModule(L.LightningModule):
    """A model whose checkpoints say what class they hold, and which takes no other model's."""

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Name the model in its checkpoint."""
        checkpoint[MODEL_KEY] = self._name()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse to resume from the checkpoint of another model, or of this one in other sizes.

        Args:
            checkpoint: As Lightning saved it.

        Raises:
            CheckpointError: Naming the file and what differs.
        """
        if self._trainer is None:  # ``load_from_checkpoint`` has looked already
            return
        path = self.trainer.ckpt_path or "checkpoint"
        self._require_own(checkpoint, path)
        if _shapes(checkpoint["state_dict"]) != _shapes(self.state_dict()):
            saved = checkpoint.get(self.CHECKPOINT_HYPER_PARAMS_KEY, {})
            here = dict(self.hparams)
            different = ", ".join(
                f"{name}={saved.get(name)}" for name in here if saved.get(name) != here[name]
            )
            raise CheckpointError(
                f"{path}: does not fit this model; it was trained with {different or 'other layers'}"
            )

    @classmethod
    def check_checkpoint(cls, path: str | Path) -> None:
        """Read a checkpoint file completely and refuse it unless it holds this model.

        Args:
            path: File written by training.

        Raises:
            CheckpointError: If the file is missing, damaged or of another model.
        """
        cls._require_own(read_checkpoint(path), path)

    @classmethod
    def load_from_checkpoint(  # type: ignore[override] # narrower on purpose: local files, plain data
        cls,
        checkpoint_path: str | Path,
        map_location: MapLocation = None,
        **options: Any,  # noqa: ANN401 - any argument of a model
    ) -> Self:
        """Load this model from a local file, running no code that the file may contain.

        Args:
            checkpoint_path: File written by training.
            map_location: Where tensors go, as in ``torch.load``.
            **options: Model arguments that replace the saved ones.

        Returns:
            The model with the file's weights.

        Raises:
            CheckpointError: If the file is missing, damaged or of another model.
        """
        return cls.from_checkpoint(read_checkpoint(checkpoint_path, map_location), checkpoint_path, **options)

    @classmethod
    def from_checkpoint(
        cls,
        checkpoint: dict[str, Any],
        path: str | Path,
        **options: Any,  # noqa: ANN401 - any argument of a model
    ) -> Self:
        """Build this model from a checkpoint that has been read, so that no large file is read again.

        Args:
            checkpoint: As returned by ``read_checkpoint``.
            path: Its file, for errors.
            **options: Model arguments that replace the saved ones.

        Returns:
            The model with the checkpoint's weights, where these are.

        Raises:
            CheckpointError: If it is of another model.
        """
        cls._require_own(checkpoint, path)
        weights: dict[str, Tensor] = checkpoint["state_dict"]
        try:
            model = cls(**{**checkpoint[cls.CHECKPOINT_HYPER_PARAMS_KEY], **options})
            model.on_load_checkpoint(checkpoint)
            model.load_state_dict(weights)
        except (TypeError, KeyError, RuntimeError) as error:
            raise CheckpointError(f"{path}: does not fit {cls._name()} ({_one_line(error)})") from error
        return model.to(next(iter(weights.values())).device)

    @classmethod
    def _name(cls) -> str:
        return f"{cls.__module__}.{cls.__qualname__}"

    @classmethod
    def _require_own(cls, checkpoint: dict[str, Any], path: str | Path) -> None:
        if model_name(checkpoint) != cls._name():
            held = model_name(checkpoint)
            raise CheckpointError(
                f"{path}: holds {held}; expected {cls._name()}: choose that model or another file"
            )


def _shapes(state: dict[str, Tensor]) -> dict[str, torch.Size]:
    """Return what has to agree between weights and a model."""
    return {name: weight.shape for name, weight in state.items()}


def _one_line(error: BaseException) -> str:
    """Return the beginning of an error's text, to fit into another error's."""
    return " ".join(str(error).split())[:200] or type(error).__name__
