"""Reading of a dataset: metadata as a table, samples gathered by row from shards."""

from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.curation.identity import SCHEMA_VERSION, check_intact, read_manifest
from seismic_lightning.curation.responses import Responses, read_responses
from seismic_lightning.curation.schema import METADATA, read_table
from seismic_lightning.curation.settings import WindowSettings
from seismic_lightning.curation.shard_reader import ShardReader
from seismic_lightning.errors import DatasetError

METADATA_FILE = "metadata.parquet"


class RateGroup(NamedTuple):
    """Records of one sampling rate among those asked for.

    Attributes:
        sampling_rate_hz: Their rate.
        positions: ``(n,)`` int64 places of these records within the requested rows, ascending.
        waveform: ``(n, C, N)`` int32 counts or float32 SI units, a fresh array; gaps hold ``FILL_COUNTS`` or
            NaN.
    """

    sampling_rate_hz: float
    positions: NDArray[np.int64]
    waveform: NDArray[Any]


class CuratedDataset:
    """Records that passed curation.

    Attributes:
        root: Folder of the dataset.
        dataset_id: Content address, 64 hexadecimal digits.
        unit: ``counts``, ``mps`` or ``mps2``.
        components: Components of every record in their order, ``ZNE`` or ``Z``.
        window: The part around P that every record holds.
        metadata: One row per record; row i is record i.
        rates_hz: ``(n,)`` sampling rate of each record.
    """

    def __init__(self, root: Path, manifest: dict[str, Any], metadata: pd.DataFrame) -> None:
        """Keep the tables; shards are opened when they are first needed."""
        self.root = root
        self.dataset_id = str(manifest["dataset_id"])
        self.unit = str(manifest["unit"])
        self.components = str(manifest["components"])
        self.window = WindowSettings(**manifest["settings"]["window"])
        self.metadata = metadata
        self.rates_hz = metadata["trace_sampling_rate_hz"].to_numpy()
        self._row = metadata["row"].to_numpy()
        codes, names = pd.factorize(metadata["shard"])
        self._shard = np.asarray(codes)
        self._reader = ShardReader(root, [str(name) for name in names])

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.metadata)

    @cached_property
    def gapless(self) -> NDArray[np.bool_]:
        """Tell of each record whether all its samples were recorded, ``(n,)``; unknown counts as no."""
        intervals = [self.metadata[f"trace_{component}_gap_intervals"] for component in self.components]
        whole = [column.eq("[]").to_numpy(dtype=bool, na_value=False) for column in intervals]
        return np.asarray(np.logical_and.reduce(whole))

    def fetch(self, rows: NDArray[np.int64]) -> list[RateGroup]:
        """Gather the samples of some records.

        Args:
            rows: ``(n,)`` record numbers in any order.

        Returns:
            Groups of one sampling rate each, rates ascending.

        Raises:
            DatasetError: A shard cannot be read.
        """
        rows = np.asarray(rows, dtype=np.int64)
        rates_hz = self.rates_hz[rows]
        groups = []
        for rate_hz in np.unique(rates_hz):
            positions = np.flatnonzero(rates_hz == rate_hz).astype(np.int64)
            chosen = rows[positions]
            waveform = self._reader.gather(self._shard[chosen], self._row[chosen])
            groups.append(RateGroup(float(rate_hz), positions, waveform))
        return groups

    def release(self) -> None:
        """Close the open shards, whose pages count as this process's memory; the next fetch opens them."""
        self._reader.close()

    def responses(self) -> Responses:
        """Read the instrument responses that ``trace_<component>_response`` points to.

        Raises:
            DatasetError: Their files are damaged, or records point to rows that they lack.
        """
        responses = read_responses(self.root)
        for component in self.components:
            if bool((self.metadata[f"trace_{component}_response"] >= len(responses.table)).any()):
                raise DatasetError(
                    f"{self.root}: trace_{component}_response points beyond the {len(responses.table)} "
                    "responses. Curate again with overwrite=true."
                )
        return responses


def open_dataset(dataset_dir: str | Path) -> CuratedDataset:
    """Open a dataset and check that it is complete.

    Args:
        dataset_dir: Folder that curation made.

    Returns:
        The dataset.

    Raises:
        DatasetError: The folder is no dataset, lacks a file, or its metadata break the schema.
    """
    dataset_dir = Path(dataset_dir)
    manifest = read_manifest(dataset_dir)
    if manifest is None:
        message = (
            f"dataset_dir={dataset_dir} holds no dataset; make one: seismic-curate archive_dir=<archive>."
        )
        raise DatasetError(message)
    if manifest["schema_version"] != SCHEMA_VERSION:
        message = (
            f"{dataset_dir} has schema version {manifest['schema_version']}, this program reads "
            f"{SCHEMA_VERSION}: curate again with overwrite=true."
        )
        raise DatasetError(message)
    check_intact(dataset_dir, manifest)
    metadata = read_table(dataset_dir / METADATA_FILE, METADATA)
    return CuratedDataset(dataset_dir, manifest, metadata)
