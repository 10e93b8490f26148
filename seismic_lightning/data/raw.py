"""Raw batches: integer counts as they lie on disk, grouped by sampling rate, fetched a whole batch at a time.

Samples stay integers until they are on the training device: half the bytes of a spectrogram, exact, and
untouched by mixed-precision casts. A batch is fetched with one gather per sampling rate instead of one read
per record.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from seismic_lightning.batch import Condition
from seismic_lightning.curation.store import CuratedDataset


class RawGroup(NamedTuple):
    """The records of a batch that share one sampling rate.

    Attributes:
        sampling_rate_hz: Their native sampling rate.
        positions: ``(n,)`` int64 places of these records within the batch.
        waveform: ``(n, C, N)`` int32 counts, or float32 in SI units, with fill values inside gaps.
    """

    sampling_rate_hz: float
    positions: Tensor
    waveform: Tensor


class RawBatch(NamedTuple):
    """What the loader delivers, before preprocessing on the device.

    Attributes:
        groups: Samples, one group per sampling rate.
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
        dataset: CuratedDataset,
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
            RawGroup(
                group.sampling_rate_hz, torch.from_numpy(group.positions), torch.from_numpy(group.waveform)
            )
            for group in ([] if self.labels_only else self.dataset.fetch(rows))
        ]
        index = torch.from_numpy(rows)
        condition = Condition(*(values[index] for values in self.condition))
        return RawBatch(groups, self.band[index], self.instrument[index], condition, index)


def keep_whole(batch: Any) -> Any:  # noqa: ANN401 - typed as a list of items, but already a RawBatch
    """Collate nothing: ``__getitems__`` has already made the batch."""
    return batch
