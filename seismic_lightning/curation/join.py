"""Parts to one dataset: tables joined a part at a time, so that memory does not grow with the archive."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow
import pyarrow.parquet

from seismic_lightning.codes import COMPONENTS
from seismic_lightning.curation.rejection import rejection_row
from seismic_lightning.curation.report import QUALITY_CSV, REJECTIONS_CSV, REJECTIONS_FILE
from seismic_lightning.curation.schema import (
    MEASURED,
    METADATA,
    REJECTIONS,
    check_table,
    read_table,
    to_table,
)
from seismic_lightning.curation.select import Refusal
from seismic_lightning.curation.shards import keep_unit
from seismic_lightning.curation.store import METADATA_FILE
from seismic_lightning.curation.task import PartFiles


class Choice(NamedTuple):
    """What is known only when all parts are there.

    Attributes:
        unit: Unit of the dataset; records of other units become rejections.
        splits: Split by event.
    """

    unit: str
    splits: dict[str, str]


class _Table:
    """A table that grows by parts: Parquet, CSV or both."""

    def __init__(self, parquet: Path | None, csv: Path | None) -> None:
        self._parquet, self._csv = parquet, csv
        self._writer: pyarrow.parquet.ParquetWriter | None = None
        self._begun = False

    def append(self, table: pd.DataFrame) -> None:
        if self._parquet is not None:
            content = pyarrow.Table.from_pandas(table, preserve_index=False)
            if self._writer is None:
                self._writer = pyarrow.parquet.ParquetWriter(self._parquet, content.schema)
            self._writer.write_table(content)
        if self._csv is not None:
            table.to_csv(self._csv, index=False, mode="a" if self._begun else "w", header=not self._begun)
        self._begun = True

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def rejections_so_far(folder: Path, n_tasks: int, planned: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the rejection table of a dataset that is not finished.

    Args:
        folder: Folder that the tasks wrote into.
        n_tasks: Number of tasks.
        planned: Rows that were known without a task.
    """
    parts = (read_table(PartFiles.of(folder, number).rejections, REJECTIONS) for number in range(n_tasks))
    return pd.concat([to_table(planned, REJECTIONS), *parts], ignore_index=True)


def join_parts(
    folder: Path,
    responses: Sequence[Sequence[int]],
    planned: list[dict[str, Any]],
    choice: Choice,
) -> None:
    """Write the tables of a dataset and remove what only its parts needed.

    Args:
        folder: Folder that the tasks wrote into.
        responses: For each task, the dataset's numbers of the responses that the task numbered itself.
        planned: Rows of the rejection table that were known without a task.
        choice: Unit and splits.

    Raises:
        DatasetError: A row breaks its schema.
    """
    metadata = _Table(folder / METADATA_FILE, None)
    rejections = _Table(folder / REJECTIONS_FILE, folder / REJECTIONS_CSV)
    quality = _Table(None, folder / QUALITY_CSV)
    try:
        rejections.append(to_table(planned, REJECTIONS))
        for number, of_dataset in enumerate(responses):
            files = PartFiles.of(folder, number)
            records = pd.read_parquet(files.records)  # every table was checked when its task wrote it
            other = records["trace_unit"] != choice.unit
            rejections.append(pd.read_parquet(files.rejections))
            if other.any():
                rejections.append(to_table(_of_other_unit(records[other], choice.unit), REJECTIONS))
            kept = _completed(records[~other].reset_index(drop=True), choice.splits, of_dataset)
            metadata.append(check_table(kept, METADATA, "the table to be written"))
            quality.append(pd.read_parquet(files.quality))
            for path in files:
                path.unlink()
    finally:
        for table in (metadata, rejections, quality):
            table.close()
    keep_unit(folder, choice.unit)


def _completed(records: pd.DataFrame, splits: dict[str, str], responses: Sequence[int]) -> pd.DataFrame:
    """Give records of one task their splits, and the dataset's numbers of responses."""
    found = [splits[event] for event in records["source_id"]]
    records["split"] = pd.Series(found, dtype=records["source_id"].dtype)
    for name in (f"trace_{component}_response" for component in COMPONENTS):
        records[name] = records[name].map(dict(enumerate(responses))).astype("Int64")
    return records


def _of_other_unit(records: pd.DataFrame, unit: str) -> list[dict[str, Any]]:
    return [
        record_rejection(row, "other_unit", f"samples in {row['trace_unit']}, the dataset is in {unit}")
        for row in records.to_dict("records")
    ]


def record_rejection(row: dict[Any, Any], reason: str, detail: str) -> dict[str, Any]:
    """Make the row of the rejection table for a record that a task had accepted."""
    codes = [row[f"station_{name}code"] for name in ("network_", "", "location_")]
    where = (row["trace_file"], row["source_id"], ".".join(filter(None, codes)))
    return {**rejection_row(reason, detail, *where), "family": row["trace_channel"]}


def withdraw_records(files: PartFiles, refused: dict[int, Refusal]) -> None:
    """Turn records of a task into rejections after all; their samples stay in the shard, unused.

    Args:
        files: Tables of the task.
        refused: Why, by the record's place among those of the task.
    """
    records = read_table(files.records, MEASURED)
    unwanted = records.index.isin(list(refused))
    rows = records[unwanted].to_dict("records")
    late = [record_rejection(row, *refused[place]) for row, place in zip(rows, sorted(refused), strict=True)]
    known = read_table(files.rejections, REJECTIONS)
    pd.concat([known, to_table(late, REJECTIONS)], ignore_index=True).to_parquet(files.rejections)
    records[~unwanted].reset_index(drop=True).to_parquet(files.records)
