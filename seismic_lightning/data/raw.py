"""Raw batches: integer counts as they lie on disk, grouped by sampling rate, fetched a whole batch at a time.

Samples stay integers until they are on the training device: half the bytes of a spectrogram, exact, and
untouched by mixed-precision casts. A batch is fetched with one gather per sampling rate instead of one read
per record.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from seismic_lightning.batch import Condition

if TYPE_CHECKING:
    from seismic_lightning.curation.store import CuratedDataset


class Kind(NamedTuple):
    """Which records of a batch are treated alike.

    Attributes:
        sampling_rate_hz: Their native sampling rate.
        gapless: Whether none of their samples is missing; False where that is not known.
        positions: ``(n,)`` int64 places of these records within the batch, ascending.
    """

    sampling_rate_hz: float
    gapless: bool
    positions: NDArray[np.int64]


class RawGroup(NamedTuple):
    """The records of a batch that share one sampling rate.

    Attributes:
        sampling_rate_hz: Their native sampling rate.
        positions: ``(n,)`` int64 places of these records within the batch.
        waveform: ``(n, C, N)`` int32 counts, or float32 in SI units, with fill values inside gaps.
        gapless: Whether none of the samples is missing; False where that is not known.
    """

    sampling_rate_hz: float
    positions: Tensor
    waveform: Tensor
    gapless: bool = False


class RawBatch(NamedTuple):
    """What the loader delivers, before preprocessing on the device.

    Attributes:
        groups: Samples, one group per sampling rate, records with gaps apart from the others.
        band: ``(B,)`` int64 row of each record in the band table.
        instrument: ``(B, C)`` int64 place of each component's sensitivity or response.
        condition: Scaled conditions.
        index: ``(B,)`` int64 row of each record in the dataset's metadata.
    """

    groups: list[RawGroup]
    band: Tensor
    instrument: Tensor
    condition: Condition
    index: Tensor  # type: ignore[assignment] # a field, not tuple.index


class RawRecords(Dataset[RawBatch]):
    """One split of a dataset, addressed by places within the split.

    Args:
        dataset: The curated dataset.
        rows: ``(n,)`` rows of the dataset's metadata that form the split.
        band: ``(len(dataset),)`` band-table row of every record.
        instrument: ``(len(dataset), C)`` place of each component's sensitivity or response.
        condition: Scaled conditions of every record.

    Attributes:
        labels_only: Whether batches come without samples, for a model that has what it needs of them.
    """

    def __init__(
        self,
        dataset: "CuratedDataset",
        rows: np.ndarray,
        band: Tensor,
        instrument: Tensor,
        condition: Condition,
    ) -> None:
        """Keep references; samples stay on disk."""
        self.dataset = dataset
        self.rows = rows
        self.band = band
        self.instrument = instrument
        self.condition = condition
        self.labels_only = False

    def __len__(self) -> int:
        """Return the number of records in the split."""
        return len(self.rows)

    def __getitems__(self, places: list[int]) -> RawBatch:
        """Fetch the records at these places as one batch.

        Args:
            places: Places within the split, in the order the batch shall have.
        """
        rows = self.rows[np.asarray(places, dtype=np.int64)]
        groups = [
            RawGroup(rate_hz, torch.from_numpy(positions), torch.from_numpy(group.waveform), gapless)
            for rate_hz, gapless, positions in self.kinds(rows)
            for group in self.dataset.fetch(rows[positions])
        ]
        return self.described(rows, groups)

    def kinds(self, rows: NDArray[np.int64]) -> Iterator[Kind]:
        """Tell apart what an accelerator would have to look for: sampling rates, and records with gaps.

        Args:
            rows: ``(B,)`` rows of the dataset's metadata.

        Yields:
            Rates ascending, records with gaps before those without; nothing where only labels are wanted.
        """
        if self.labels_only:
            return
        rates_hz, gapless = self.dataset.rates_hz[rows], self.dataset.gapless[rows]
        for rate_hz in np.unique(rates_hz).tolist():
            for whole in (False, True):
                positions = np.flatnonzero((rates_hz == rate_hz) & (gapless == whole))
                if positions.size:
                    yield Kind(rate_hz, whole, positions)

    def described(self, rows: NDArray[np.int64], groups: list[RawGroup]) -> RawBatch:
        """Add to the samples of some records what else a batch holds.

        Args:
            rows: ``(B,)`` rows of the dataset's metadata.
            groups: Their samples.
        """
        index = torch.from_numpy(rows)
        condition = Condition(*(values[index] for values in self.condition))
        return RawBatch(groups, self.band[index], self.instrument[index], condition, index)


def keep_whole(batch: Any) -> Any:  # noqa: ANN401 - typed as a list of items, but already a RawBatch
    """Collate nothing: ``__getitems__`` has already made the batch."""
    return batch
