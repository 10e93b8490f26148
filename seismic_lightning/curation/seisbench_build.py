"""The way from SeisBench's format to the files of a dataset: understand, read, measure, select, store, split.

Waveforms come through a process of their own, see :mod:`seismic_lightning.curation.hdf5`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.codes import FILL_COUNTS
from seismic_lightning.curation.hdf5 import WaveformFile
from seismic_lightning.curation.report import (
    REJECTIONS_CSV,
    REJECTIONS_FILE,
    SPLIT_LABELS,
    Tally,
    frequent_reasons,
)
from seismic_lightning.curation.responses import number_sources, work_out_responses, write_responses
from seismic_lightning.curation.schema import METADATA, REJECTIONS, SPLITS, to_table
from seismic_lightning.curation.seisbench_record import Common, Record, measure_trace
from seismic_lightning.curation.seisbench_table import Chunk, Trace, find_chunks, read_rows, read_trace
from seismic_lightning.curation.select import Refusal, dataset_unit, refusal
from seismic_lightning.curation.settings import ALL_FAMILIES, UNITS, CurationSettings
from seismic_lightning.curation.shards import ShardSeries, describe_files
from seismic_lightning.curation.split import split_events
from seismic_lightning.curation.store import METADATA_FILE
from seismic_lightning.errors import ConfigurationError, DatasetError, WaveformError

TRACES_AT_ONCE = 64
"""Traces in memory at once."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Hints:
    """What a user knows about a dataset that does not say it.

    Attributes:
        unit: ``counts``, ``mps`` or ``mps2``, of all traces.
        family: Channel family of traces whose row gives none.
    """

    unit: str | None = None
    family: str | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown unit."""
        if self.unit is not None and self.unit not in UNITS:
            raise ConfigurationError(f"unit={self.unit!r}: give one of {', '.join(UNITS)}, or null")


@dataclass
class _Gathered:
    """Rows that grow while traces are read."""

    total: int
    done: int = 0
    records: list[dict[str, Any]] = field(default_factory=list)
    rejections: list[dict[str, Any]] = field(default_factory=list)
    families: set[str] = field(default_factory=set)
    sensors: dict[tuple[str, ...], str] = field(default_factory=dict)
    dtype: np.dtype[Any] | None = None


def build(
    source_dir: Path, folder: Path, settings: CurationSettings, hints: Hints, progress: Progress | None
) -> dict[str, Any]:
    """Write all files of a dataset but its manifest.

    Args:
        source_dir: Folder of SeisBench's format.
        folder: Empty folder to write into.
        settings: Everything that decides what the dataset contains.
        hints: What the source does not say of itself.
        progress: Called with the number of rows that are done and of all.

    Returns:
        Counts, settings, unit and file hashes for the manifest.

    Raises:
        ConfigurationError: Nobody says the unit.
        DatasetError: The source cannot be read, or nothing was accepted.
    """
    chunks = find_chunks(source_dir)
    gathered = _Gathered(total=sum(len(rows) for chunk in chunks for rows in read_rows(chunk.table)))
    writer = ShardSeries(folder)
    try:
        for chunk in chunks:
            _read_chunk(chunk, settings, hints, (gathered, writer, progress))
        unit = dataset_unit(Counter(row["trace_unit"] for row in gathered.records), settings.select)
        _keep_unit(gathered, unit)
        if not gathered.records:
            reasons = frequent_reasons(Tally.of(gathered.rejections))
            raise DatasetError(f"none of {gathered.total} traces of {source_dir} was accepted: {reasons}")
        _split(gathered.records, settings, gathered.rejections)
        writer.close(unit)
    finally:
        writer.discard()
    write_responses(folder, work_out_responses(number_sources(gathered.records), []))
    to_table(gathered.records, METADATA).to_parquet(folder / METADATA_FILE)
    rejections = to_table(gathered.rejections, REJECTIONS)
    rejections.to_parquet(folder / REJECTIONS_FILE)
    rejections.to_csv(folder / REJECTIONS_CSV, index=False)
    return {
        "unit": unit,
        "components": settings.components,
        "settings": asdict(settings),
        "counts": _counts(gathered, settings),
        "files": describe_files(folder),
    }


def _read_chunk(
    chunk: Chunk,
    settings: CurationSettings,
    hints: Hints,
    into: tuple[_Gathered, ShardSeries, Progress | None],
) -> None:
    gathered, writer, progress = into
    with WaveformFile(chunk.waveforms) as file:
        common = Common.read(file.data_format, chunk.waveforms, hints.unit)
        for rows in _batches(chunk.table):
            traces = [_understood(row, file.data_format, settings, hints, gathered) for row in rows]
            wanted = [(row, trace) for row, trace in zip(rows, traces, strict=True) if trace is not None]
            answers = file.read([trace.name for _, trace in wanted])
            for (row, trace), answer in zip(wanted, answers, strict=True):
                record = _measured(row, trace, answer, common, settings)
                _take(row, record, (settings, writer, gathered))
            gathered.done += len(rows)
            if progress is not None:
                progress(gathered.done, gathered.total)


def _batches(table: Path) -> Iterator[list[dict[str, str]]]:
    for rows in read_rows(table):
        for start in range(0, len(rows), TRACES_AT_ONCE):
            yield rows[start : start + TRACES_AT_ONCE]


def _understood(
    row: dict[str, str],
    data_format: dict[str, Any],
    settings: CurationSettings,
    hints: Hints,
    gathered: _Gathered,
) -> Trace | None:
    """Return a row's trace; a row that cannot become a record is listed, and its samples are never read."""
    try:
        trace = read_trace(row, data_format, hints.family)
    except WaveformError as error:
        gathered.rejections.append(_rejected(row, Refusal(error.reason, str(error))))
        return None
    gathered.families.add(trace.seed_id.family)
    if not settings.select.keeps_family(trace.seed_id.family):
        refused = Refusal("family_not_selected", f"family {trace.seed_id.family}")
        gathered.rejections.append(_rejected(row, refused))
        return None
    return trace


def _measured(
    row: dict[str, str],
    trace: Trace,
    answer: NDArray[Any] | Refusal,
    common: Common,
    settings: CurationSettings,
) -> Record | Refusal:
    if isinstance(answer, Refusal):
        return answer
    try:
        return measure_trace(row, trace, answer, common, settings)
    except WaveformError as error:
        return Refusal(error.reason, str(error))


def _take(
    row: dict[str, str],
    record: Record | Refusal,
    into: tuple[CurationSettings, ShardSeries, _Gathered],
) -> None:
    """Store what is selected and note what is not."""
    settings, writer, gathered = into
    if isinstance(record, Refusal):
        gathered.rejections.append(_rejected(row, record))
        return
    refused = refusal(record.row, settings.select, settings.components)
    names = ("source_id", "station_network_code", "station_code", "station_location_code", "trace_channel")
    sensor = tuple(str(record.row[name]) for name in names)
    if refused is None and sensor in gathered.sensors:
        refused = Refusal("duplicate", f"same event, station and family as {gathered.sensors[sensor]}")
    dtype = gathered.dtype or _stored_dtype(record)
    if refused is None and dtype.kind == "i" and record.samples.dtype.kind == "f":
        refused = Refusal("fractions", f"trace {row['trace_name']}")
    if refused is None:
        gathered.sensors[sensor] = row["trace_name"]
        gathered.dtype = dtype
        samples = _as_stored(record.samples, dtype)
        place = writer.append(samples, record.row["trace_unit"], record.row["trace_sampling_rate_hz"])
        gathered.records.append({**record.row, "shard": place.shard, "row": place.row})
        return
    gathered.rejections.append(_rejected(row, refused))


def _stored_dtype(record: Record) -> np.dtype[Any]:
    """Return the type of all samples of a dataset: floats where its first trace is stored as floats."""
    counts = record.row["trace_unit"] == "counts" and record.whole
    return np.dtype(np.int32 if counts else np.float32)


def _as_stored(samples: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Bring whole counts to floats where the dataset holds floats, with their mark of missing samples."""
    if samples.dtype == dtype:
        return samples
    return np.where(samples == FILL_COUNTS, np.float32(np.nan), samples.astype(np.float32))


def _rejected(row: dict[str, str], refused: Refusal) -> dict[str, Any]:
    names = ("station_network_code", "station_code", "station_location_code")
    return {
        "path": row.get("trace_name"),
        "event": row.get("source_id"),
        "station": ".".join(row.get(name, "") for name in names).strip(".") or None,
        "family": row.get("trace_channel"),
        "reason": refused.reason,
        "detail": refused.detail,
    }


def _keep_unit(gathered: _Gathered, unit: str) -> None:
    """Turn selected records of other units into rejections."""
    for row in gathered.records:
        if row["trace_unit"] != unit:
            detail = f"samples in {row['trace_unit']}, the dataset is in {unit}"
            known = {name: str(value) for name, value in row.items() if isinstance(value, str)}
            refused = Refusal("other_unit", detail)
            gathered.rejections.append(_rejected({**known, "trace_name": row["trace_file"]}, refused))
    gathered.records = [row for row in gathered.records if row["trace_unit"] == unit]


def _split(
    records: list[dict[str, Any]], settings: CurationSettings, rejections: list[dict[str, Any]]
) -> None:
    """Keep the split that the source made where it assigns every record, else split by event."""
    if all(row["split"] in SPLITS for row in records):
        return
    try:
        splits = split_events((row["source_id"] for row in records), settings.split)
    except DatasetError as error:
        raise DatasetError(f"{error} {frequent_reasons(Tally.of(rejections))}") from error
    for row in records:
        row["split"] = splits[row["source_id"]]


def _counts(gathered: _Gathered, settings: CurationSettings) -> dict[str, Any]:
    rejected, apart = Tally.of(gathered.rejections).split()
    accepted = len(gathered.records)
    if accepted + sum(rejected.values()) != gathered.total:
        message = f"{accepted} accepted and {sum(rejected.values())} rejected of {gathered.total} traces"
        raise AssertionError(message)
    events = Counter(split for _, split in {(row["source_id"], row["split"]) for row in gathered.records})
    records = Counter(row["split"] for row in gathered.records)
    wanted = [family for family in settings.select.families if family != ALL_FAMILIES]
    return {
        "candidates": gathered.total,
        "accepted": accepted,
        "rejected": rejected,
        "apart": apart,
        "events": {name: events[name] for name in SPLIT_LABELS},
        "records": {name: records[name] for name in SPLIT_LABELS},
        "absent_families": [family for family in wanted if family not in gathered.families],
    }
