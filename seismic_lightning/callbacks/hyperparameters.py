"""The settings of a run beside its final metrics, in TensorBoard's HPARAMS tab."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback
from torch.utils.tensorboard.summary import hparams

from seismic_lightning.callbacks.access import writers

Plain = bool | int | float | str

log = logging.getLogger(__name__)


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Plain]:
    """Turn nested settings into one level of dotted names and values that TensorBoard can show.

    Args:
        values: Nested mappings of plain values.
        prefix: Put before every name.

    Returns:
        Numbers, truth values and texts as they are; lists and None as text.

    Example:
        >>> flatten({"model": {"channels": [32, 64], "beta": 0.5}})
        {'model.channels': '[32, 64]', 'model.beta': 0.5}
    """
    flat: dict[str, Plain] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value if isinstance(value, bool | int | float | str) else str(value)
    return flat


def shown(values: Mapping[str, Plain]) -> dict[str, Plain]:
    """Leave of settings what tells runs apart in a narrow column: classes by their last name alone.

    Args:
        values: Flat settings.

    Example:
        >>> shown({"model._target_": "seismic_lightning.models.vae.VAE", "optimizer._partial_": True})
        {'model': 'VAE'}
    """
    named: dict[str, Plain] = {}
    for name, value in values.items():
        if name.endswith("._target_"):
            named[name.removesuffix("._target_")] = str(value).rpartition(".")[2]
        elif not name.endswith("._partial_"):
            named[name] = value
    return named


class Hyperparameters(Callback):
    """Declare a run's settings and which of its scalars are its results.

    TensorBoard looks the results up among the scalars of the same run, and so shows the latest value of
    each: while training as much as after the test. With other loggers this callback has nothing to do.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        metrics: Sequence[str] = ("val/loss", "val/skill_level", "test/loss", "test/skill_level"),
    ) -> None:
        """Keep the settings.

        Args:
            values: Settings of the run, nested or flat.
            metrics: Names of logged scalars.
        """
        self._values = flatten(values)
        self._metrics = list(metrics)

    def state_dict(self) -> dict[str, Plain]:
        """Return the settings, for a run that resumes this one."""
        return self._values

    def load_state_dict(self, state_dict: dict[str, Plain]) -> None:
        """Say which settings differ from those of the run that is resumed.

        Args:
            state_dict: Settings of that run.
        """
        for name in sorted(self._values):
            before, now = state_dict.get(name), self._values[name]
            if before != now:
                log.warning("Resumed with %s=%s after %s; weights and optimizer stay.", name, now, before)

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Declare settings and results."""
        experiment, start, _ = self._summaries()
        self._write(trainer, experiment, start)
        rows = "\n".join(f"| {name} | {value} |" for name, value in self._values.items())
        for writer in writers(trainer):
            writer.add_text("settings", f"| setting | value |\n|---|---|\n{rows}", 0)

    def on_fit_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Declare the training as finished well."""
        _, _, end = self._summaries()
        self._write(trainer, end)

    def _summaries(self) -> tuple[Any, Any, Any]:
        """Return experiment, start and end; results are declared by name, their values are never read."""
        untyped: Any = hparams
        experiment, start, end = untyped(shown(self._values), dict.fromkeys(self._metrics, 0.0))
        return experiment, start, end

    @staticmethod
    def _write(trainer: L.Trainer, *summaries: object) -> None:
        for writer in writers(trainer):
            untyped: Any = writer
            for summary in summaries:
                untyped.file_writer.add_summary(summary)
