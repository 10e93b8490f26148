"""Drawing of waveforms, a batch at a time.

Record ``i`` of request ``r`` is a function of the seed, ``r`` and ``i``: every record draws its noise from a
source of its own. With ``same_noise`` ``r`` does not count: requests then differ by their conditions alone.

Batches are filled up to one size, because what a layer makes of a record may differ in the last digit between
batches of different sizes, and phase recovery lets such a difference grow to parts of a thousand of the
largest sample. That size is fixed for each kind of device.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.generation.limits import check_temperature
from seismic_lightning.generation.trained import Trained
from seismic_lightning.nn.noise import keyed_generator
from seismic_lightning.transforms.phase import FAST_ITERATIONS, FINE_ITERATIONS

BATCH_SIZE = 32
"""Records worked on at once by a processor."""
DEVICE_BATCH_SIZE = 512
"""Records worked on at once by an accelerator."""
PHASES = {"normal": FAST_ITERATIONS, "fine": FINE_ITERATIONS}
"""The words of ``phase`` and their iterations."""
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class DrawSettings:
    """How records are drawn.

    Attributes:
        temperature: Factor on the spread of latents.
        sampler: ``prior``, or ``aggregate`` for the density fitted to the training posteriors.
        phase: ``normal`` for many records, ``fine`` for few.
        same_noise: Whether record ``i`` of every request has the same noise.
        allow_far: Whether to take any temperature, rather than to refuse one that training never knew.
    """

    temperature: float = 1.0
    sampler: str = "prior"
    phase: str = "normal"
    same_noise: bool = False
    allow_far: bool = False

    def __post_init__(self) -> None:
        """Refuse unknown words and temperatures."""
        if self.phase not in PHASES:
            raise ConfigurationError(f"phase={self.phase}: choose one of {', '.join(PHASES)}")
        check_temperature(self.temperature, allow_far=self.allow_far)

    @property
    def n_iterations(self) -> int:
        """Return the iterations of the phase recovery."""
        return PHASES[self.phase]


def draw(
    trained: Trained, records: pd.DataFrame, settings: DrawSettings | None = None
) -> Iterator[NDArray[np.float32]]:
    """Draw one waveform per row.

    Args:
        trained: The model.
        records: Conditions in a dataset's columns, and ``seed``, ``request`` and ``record``, the key of each
            record's noise.
        settings: How.

    Yields:
        ``(B, C, N)`` samples of the next rows, in the model's unit.

    Raises:
        CheckpointError: ``sampler=aggregate`` and no density was fitted.
        ConfigurationError: A setting that the model cannot use.
    """
    settings = settings or DrawSettings()
    size = BATCH_SIZE if trained.device.type == "cpu" else DEVICE_BATCH_SIZE
    if settings.same_noise:
        records = records.assign(request=0)
    for start in range(0, len(records), size):
        rows = records.iloc[start : start + size]
        full = rows.iloc[np.minimum(np.arange(size), len(rows) - 1)]
        spectrogram = trained.generate(
            full,
            generator=sources(full),
            temperature=settings.temperature,
            sampler=settings.sampler,
        )[: len(rows)]
        waveform = trained.waveform(spectrogram, n_iterations=settings.n_iterations)
        yield waveform.float().cpu().numpy()


def sources(records: pd.DataFrame) -> Sequence[torch.Generator]:
    """Return one source of noise per record, on the processor so that devices agree.

    Args:
        records: ``seed``, ``request`` and ``record`` of each.
    """
    keys: list[tuple[Any, ...]] = list(
        records[["seed", "request", "record"]].itertuples(index=False, name=None)
    )
    return [keyed_generator(_CPU, *map(int, key)) for key in keys]
