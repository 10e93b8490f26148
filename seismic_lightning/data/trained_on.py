"""What a checkpoint says of the data it was trained on: what the DataModule wrote, read and checked once.

Whoever judges a model, or makes records with it, starts here.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, Self

from seismic_lightning.codes import COMPONENTS
from seismic_lightning.data.condition import ConditionScaling
from seismic_lightning.data.hull import TrainingHull
from seismic_lightning.errors import CheckpointError
from seismic_lightning.transforms.front import SpectrogramFront

DATA_KEY = "SpectrogramDataModule"
"""Where a checkpoint keeps what the DataModule knows."""


class DataOfCheckpoint(NamedTuple):
    """The part of a checkpoint that concerns data.

    Attributes:
        dataset_id: Content address of the dataset it was trained on.
        front: Settings of preprocessing, STFT and scaling.
        conditions: Scales of conditions and the station vocabulary.
        conditional: Whether its model is told magnitude, place and station.
        components: Components of every record in their order.
        unit: ``counts``, ``mps`` or ``mps2``; None in checkpoints that do not say it.
        window: ``before_p_s`` and ``length_s``; None in checkpoints that do not say it.
        hull: What the training split reached; None in checkpoints that do not say it.
    """

    dataset_id: str
    front: Mapping[str, Any]
    conditions: Mapping[str, Any]
    conditional: bool
    components: str = COMPONENTS
    unit: str | None = None
    window: Mapping[str, float] | None = None
    hull: TrainingHull | None = None

    @classmethod
    def of(cls, checkpoint: Mapping[str, Any], path: str) -> Self:
        """Take the part out of a checkpoint.

        Args:
            checkpoint: As it was read from its file.
            path: The file, for errors.

        Raises:
            CheckpointError: It says nothing of its data.
        """
        state = checkpoint.get(DATA_KEY, {})
        try:
            if SpectrogramFront.from_settings(state["front"]).scaling is None:
                raise ValueError("front.scaling is empty")
            ConditionScaling.from_settings(state["conditions"])
            trained_on = str(state["dataset_id"])
            hull = None if state.get("hull") is None else TrainingHull.from_settings(state["hull"])
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{path}: does not say what data it was trained on ({DATA_KEY}: {type(error).__name__} "
                f"{error}); expected a checkpoint written by train.py"
            ) from error
        return cls(
            trained_on,
            state["front"],
            state["conditions"],
            any("condition" in name.split(".") for name in checkpoint["state_dict"]),
            state.get("components", COMPONENTS),
            state.get("unit"),
            state.get("window"),
            hull,
        )


def differing(
    here: Mapping[str, Any], there: Mapping[str, Any], but: Collection[str] = ()
) -> dict[str, tuple[Any, Any]]:
    """Return what differs between two DataModules, of what has to agree exactly; scales need not.

    Args:
        here: State of one, as its ``state_dict`` returns it.
        there: State of the other.
        but: What may differ too.

    Returns:
        Both values by name.
    """
    first, second = _identity(here), _identity(there)
    names = sorted(name for name in first if name not in but and first[name] != second[name])
    return {name: (first[name], second[name]) for name in names}


def _identity(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a state that has to agree exactly."""
    same = {name: state.get(name) for name in ("dataset_id", "unit", "window")}
    same["condition"] = ConditionScaling.from_settings(state["conditions"]).features
    same["components"] = state.get("components", COMPONENTS)  # older checkpoints do not say it
    companding = state["front"].get("companding")  # its scale is fitted, its exponent chosen
    same["representation"] = None if companding is None else companding["exponent"]
    return {**same, **{name: state["front"][name] for name in ("preprocess", "stft")}}
