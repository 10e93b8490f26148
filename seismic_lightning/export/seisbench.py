"""SeisBench's format: one table, and one HDF5 file of blocks that hold many records each.

A block holds records of one split and one length, which a reader that takes whole blocks at a time can use as
they are. What is missing is stored as zero, as is the custom there; ``trace_Z_gap_intervals`` and its
siblings tell such zeros from recorded ones, and our own reader restores them.

References:
    Woollam, J., et al. (2022), SeisBench: a toolbox for machine learning in seismology, Seismological
    Research Letters 93(3), 1695-1709, doi:10.1785/0220210324.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.curation.schema import SPLITS
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.export.form import Content
from seismic_lightning.export.signals import Block, missing
from seismic_lightning.export.tables import METADATA_CSV, leaving, write_csv

if TYPE_CHECKING:
    import h5py

WAVEFORMS_HDF5 = "waveforms.hdf5"
CATEGORY = "earthquake"
"""Every record of a dataset has an event of a catalogue."""
DB_PER_DECADE = 20.0
"""Decibels of an amplitude ratio of 10."""


class Slot(NamedTuple):
    """Place of a record: block and row in it."""

    bucket: int
    row: int


class SeisBenchForm:
    """``metadata.csv`` and ``waveforms.hdf5``."""

    name = "seisbench"

    def __init__(self, records_per_bucket: int = 1024) -> None:
        """Choose the size of blocks.

        Args:
            records_per_bucket: Most records of one block.

        Raises:
            ConfigurationError: No record would fit.
        """
        if records_per_bucket < 1:
            raise ConfigurationError(f"format.records_per_bucket={records_per_bucket}: give 1 or more")
        self._records_per_bucket = records_per_bucket

    def order(self, metadata: pd.DataFrame, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Bring records that share a block together, in the dataset's order otherwise."""
        chosen = metadata.iloc[rows]
        split = chosen["split"].map({name: number for number, name in enumerate(SPLITS)})
        keys = [chosen[name].to_numpy() for name in ("trace_npts", "trace_sampling_rate_hz")]
        return rows[np.lexsort([np.arange(rows.size), *keys, split.to_numpy()])]

    def write(self, folder: Path, content: Content, blocks: Iterable[Block]) -> None:
        """Write the table and the file of blocks.

        Args:
            folder: Empty folder.
            content: What there is to write, in the order of ``order``.
            blocks: Samples of its rows.
        """
        import h5py  # here: other formats do without

        buckets = list(self._buckets(content))
        slots = {
            int(row): Slot(number, place)
            for number, bucket in enumerate(buckets)
            for place, row in enumerate(bucket)
        }
        lengths = [content.signals.n_samples(int(bucket[0])) for bucket in buckets]
        dtype = content.signals.dtype if content.signals.raw else np.dtype(np.float32)
        with h5py.File(folder / WAVEFORMS_HDF5, "w") as file:
            for name, value in _data_format(content).items():
                file.create_dataset(f"data_format/{name}", data=value)
            for number, bucket in enumerate(buckets):
                shape = (len(bucket), len(content.components), lengths[number])
                file.create_dataset(f"data/bucket{number}", shape, dtype)
            for block in blocks:
                _fill(file["data"], block, slots)
        write_csv(folder / METADATA_CSV, _table(content, slots, lengths))

    def _buckets(self, content: Content) -> Iterator[NDArray[np.int64]]:
        """Divide rows where split, rate or length change and where a block is full."""
        chosen = content.metadata.iloc[content.rows]
        kinds = ["split", "trace_sampling_rate_hz", "trace_npts"]
        group = chosen.groupby(kinds, sort=False).ngroup().to_numpy()
        for kind in pd.unique(group):
            rows = content.rows[group == kind]
            for start in range(0, rows.size, self._records_per_bucket):
                yield rows[start : start + self._records_per_bucket]


def _fill(group: "h5py.Group", block: Block, slots: dict[int, Slot]) -> None:
    """Write the records of one batch, those that stand together in a block at once."""
    samples = np.where(missing(block.waveform), np.zeros((), block.waveform.dtype), block.waveform)
    places = [slots[int(row)] for row in block.rows]
    begin = 0
    for end in range(1, len(places) + 1):
        if end == len(places) or places[end] != Slot(places[end - 1].bucket, places[end - 1].row + 1):
            bucket, first = places[begin]
            group[f"bucket{bucket}"][first : first + end - begin] = samples[begin:end]
            begin = end


def _data_format(content: Content) -> dict[str, Any]:
    """Say what all records have in common; what differs between them is left to the table."""
    chosen = content.metadata.iloc[content.rows]
    description: dict[str, Any] = {
        "dimension_order": "CW",
        "component_order": content.components,
        "unit": content.unit,
        "instrument_response": "restituted" if content.signals.restituted else "not restituted",
    }
    rates_hz = {content.signals.rate_hz(float(rate)) for rate in chosen["trace_sampling_rate_hz"].unique()}
    if len(rates_hz) == 1:
        description["sampling_rate"] = rates_hz.pop()
    if content.unit == "counts":
        accelerations = {str(family)[1] == "N" for family in chosen["trace_channel"].unique()}
    else:
        accelerations = {content.unit == "mps2"}
    if len(accelerations) == 1:
        description["measurement"] = "acceleration" if accelerations.pop() else "velocity"
    return description


def _table(content: Content, slots: dict[int, Slot], lengths: list[int]) -> pd.DataFrame:
    table = leaving(content)
    chosen = [slots[int(row)] for row in content.rows]
    names = [
        f"bucket{slot.bucket}${slot.row},:{len(content.components)},:{lengths[slot.bucket]}"
        for slot in chosen
    ]
    table.insert(0, "trace_name", names)
    table["trace_category"] = CATEGORY
    table["trace_component_order"] = content.components
    gap_columns = [f"trace_{component}_gap" for component in content.components]
    table["trace_completeness"] = 1.0 - table[gap_columns].mean(axis=1)
    for component in content.components:
        ratio = table[f"trace_{component}_snr"]
        table[f"trace_{component}_snr_db"] = DB_PER_DECADE * np.log10(ratio.where(ratio > 0.0))
    return table
