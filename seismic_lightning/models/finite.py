"""A watch over losses: training ends at the first that is not a finite number, and names its records.

On the CPU each loss is looked at as it comes, before any weight has changed. To look at a number on an
accelerator is to wait for all work that was asked of it, so that there the evidence of each step stays on the
device, a few numbers per record, and is looked at together: when the loss is logged, at an epoch's end and
before a checkpoint is written. The weights may be spoilt by then; no checkpoint of them is.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from seismic_lightning.batch import Batch
from seismic_lightning.errors import TrainingError

MAX_PENDING = 64
"""Steps after which an accelerator is asked in any case."""
MAX_ROWS_SHOWN = 10
"""How many records an error lists."""


class Evidence(NamedTuple):
    """What tells of one step whether it was spoilt, and by which records.

    Attributes:
        where: Epoch and step in words.
        stage: ``train``, ``val`` or ``test``.
        rows: ``(B,)`` int64 rows of the dataset's metadata.
        spoilt_input: ``(B,)`` bool, true where a spectrogram holds what is no finite number.
        spoilt_loss: ``(B,)`` bool, true where the loss of a record is no finite number.
    """

    where: str
    stage: str
    rows: Tensor
    spoilt_input: Tensor
    spoilt_loss: Tensor


class FiniteWatch:
    """Collects the evidence of steps and raises when one was spoilt."""

    def __init__(self) -> None:
        """Start without evidence."""
        self._pending: list[Evidence] = []

    def add(self, stage: str, where: str, batch: Batch, loss: Tensor) -> None:
        """Take in a step; on the CPU, look at it.

        Args:
            stage: ``train``, ``val`` or ``test``.
            where: Epoch and step in words.
            batch: What the step was given.
            loss: ``(B,)`` what it cost.

        Raises:
            TrainingError: A loss is not a finite number.
        """
        loss = loss.detach()
        at_once = _answers_at_once(loss)
        if at_once and bool(torch.isfinite(loss.mean())):
            return
        # A sum rather than a mask: it reads each spectrogram once and writes one number.
        spoilt_input = ~torch.isfinite(batch.spectrogram.detach().float().flatten(1).sum(1))
        self._pending.append(Evidence(where, stage, batch.index, spoilt_input, ~torch.isfinite(loss)))
        if at_once or len(self._pending) >= MAX_PENDING:
            self.look()

    def look(self) -> None:
        """Look at all evidence so far, and let it go.

        Raises:
            TrainingError: A loss was not a finite number; the first such step and its records are named.
        """
        pending, self._pending = self._pending, []
        if pending:
            spoilt = torch.stack([evidence.spoilt_loss.any() for evidence in pending]).cpu()
            for evidence in _chosen(pending, spoilt):
                raise TrainingError(_message(evidence))


def require_finite(weights: dict[str, Tensor]) -> None:
    """Refuse weights that no checkpoint should hold.

    Args:
        weights: By name.

    Raises:
        TrainingError: Naming those that are not finite.
    """
    floating = {name: weight for name, weight in weights.items() if weight.is_floating_point()}
    if floating:
        spoilt = torch.stack([~torch.isfinite(weight).all() for weight in floating.values()]).cpu()
        names = [name for name, is_spoilt in zip(floating, spoilt.tolist(), strict=True) if is_spoilt]
        if names:
            raise TrainingError(
                f"{len(names)} of {len(floating)} weights are not finite ({names[0]} first), so that no "
                "checkpoint is written. Resume from the last one; lower optimizer.lr or use precision=fp32"
            )


def _answers_at_once(loss: Tensor) -> bool:
    """Tell whether a value can be looked at without waiting for a queue of work."""
    return loss.device.type == "cpu"


def _chosen(pending: list[Evidence], spoilt: Tensor) -> Iterator[Evidence]:
    return (evidence for evidence, is_spoilt in zip(pending, spoilt.tolist(), strict=True) if is_spoilt)


def _message(evidence: Evidence) -> str:
    """Say which records spoilt the loss: those with a spoilt input, where there are any."""
    inputs = evidence.spoilt_input.cpu()
    culprits, what = (inputs, "input") if inputs.any() else (evidence.spoilt_loss.cpu(), "output")
    rows = evidence.rows.cpu()[culprits].tolist()
    shown = ", ".join(map(str, rows[:MAX_ROWS_SHOWN])) + (", ..." if len(rows) > MAX_ROWS_SHOWN else "")
    return (
        f"{evidence.where}: the {evidence.stage} loss is not finite; "
        f"the model's {what} is at fault for {len(rows)} of {len(evidence.rows)} records "
        f"(dataset rows {shown}). Exclude these records, lower optimizer.lr or use precision=fp32"
    )
