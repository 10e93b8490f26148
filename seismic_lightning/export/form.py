"""What every format of an export has in common."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.export.signals import Block, Signals


class Content(NamedTuple):
    """What there is to write.

    Attributes:
        metadata: One row per record of the whole dataset.
        components: Letters of the components, ``ZNE`` or ``Z``.
        unit: Unit of the samples.
        signals: Where the samples come from.
        rows: ``(n,)`` records to write.
    """

    metadata: pd.DataFrame
    components: str
    unit: str
    signals: Signals
    rows: NDArray[np.int64]


class Form(Protocol):
    """A format of files."""

    name: str
    """How the format is called on the screen and in ``export.json``."""

    def order(self, metadata: pd.DataFrame, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows in the order in which the format wants them."""

    def write(self, folder: Path, content: Content, blocks: Iterable[Block]) -> None:
        """Write all files.

        Args:
            folder: Empty folder.
            content: What there is to write; its rows are in the format's order.
            blocks: Their samples, in the same order within a sampling rate.
        """
