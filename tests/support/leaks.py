"""Datasets with a leak that was put there on purpose: copies whose metadata or samples are edited."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.curation.identity import MANIFEST
from seismic_lightning.curation.store import METADATA_FILE, CuratedDataset, open_dataset

Edit = Callable[[pd.DataFrame], "pd.DataFrame | None"]
"""Changes a table in place, or returns another."""


def leaky(
    source: Path,
    folder: Path,
    edit: Edit | None = None,
    samples: dict[int, NDArray[Any]] | None = None,
) -> CuratedDataset:
    """Copy a dataset, edit its table and put other samples into some records.

    Args:
        source: The sound dataset, left as it is.
        folder: Folder to make.
        edit: Changes the table.
        samples: ``(C, N)`` by record number.

    Returns:
        The copy, with the same dataset id.
    """
    shutil.copytree(source, folder)
    table = pd.read_parquet(folder / METADATA_FILE)
    for record, waveform in (samples or {}).items():
        shard = np.load(folder / table["shard"][record], mmap_mode="r+")
        shard[table["row"][record]] = waveform
        shard.flush()
    if edit is not None:
        changed = edit(table)
        table = table if changed is None else changed
    table.to_parquet(folder / METADATA_FILE)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"][METADATA_FILE]["size"] = (folder / METADATA_FILE).stat().st_size
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return open_dataset(folder)


def one_of_each(dataset: CuratedDataset, first: str = "train", second: str = "test") -> tuple[int, int]:
    """Return a record of each of two splits, of one sampling rate and different events."""
    table = dataset.metadata
    for record in np.flatnonzero(table["split"] == first):
        rate_hz = table["trace_sampling_rate_hz"][record]
        others = np.flatnonzero((table["split"] == second) & (table["trace_sampling_rate_hz"] == rate_hz))
        if len(others):
            return int(record), int(others[0])
    raise ValueError(f"no {first} and {second} records of one rate")


def samples_of(dataset: CuratedDataset, record: int) -> NDArray[Any]:
    """Return the ``(C, N)`` samples of one record."""
    waveform: NDArray[Any] = dataset.fetch(np.array([record]))[0].waveform[0]
    return waveform
