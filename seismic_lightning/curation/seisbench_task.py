"""One task of reading somebody else's dataset: some rows of one table to records, in any process.

Which rows form a task depends on the tables alone: the dataset is the same for any number of processes. A
task opens one HDF5 file, through a process of its own, see :mod:`seismic_lightning.curation.hdf5`.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from seismic_lightning.curation.hdf5 import WaveformFile
from seismic_lightning.curation.rejection import rejection_row
from seismic_lightning.curation.seisbench_record import Common, measure_trace
from seismic_lightning.curation.seisbench_table import Chunk, Trace, read_trace
from seismic_lightning.curation.select import Refusal, refusal
from seismic_lightning.curation.settings import UNITS, CurationSettings
from seismic_lightning.curation.task import SENSOR, Outcome, Part, TaskWriter
from seismic_lightning.errors import ConfigurationError, WaveformError

TRACES_AT_ONCE = 64
"""Traces in memory at once."""

Row = dict[str, str]


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


class Stored(NamedTuple):
    """What the other tasks' records must be compared with.

    Attributes:
        sensor: Event, station and family.
        unit: Unit of the samples.
        event: The event alone.
        split: What the source says of it, None if nothing.
        kind: ``fractions``, ``large`` or ``plain``, see ``seisbench_record``.
        file: What to call the trace.
    """

    sensor: tuple[str, ...]
    unit: str
    event: str
    split: str | None
    kind: str
    file: str


class Read(NamedTuple):
    """What a task tells.

    Attributes:
        part: Counts.
        stored: Its records in their order.
        families: Channel families that its rows have.
    """

    part: Part
    stored: list[Stored]
    families: set[str]


def read_task(
    number: int, chunk: Chunk, rows: list[Row], folder: Path, asked: tuple[CurationSettings, Hints]
) -> Read:
    """Read and measure the traces of some rows, apply the thresholds and write what came of it.

    Args:
        number: Number of the task; it names the files.
        chunk: Where the rows come from.
        rows: Known values as text, by column.
        folder: Folder of the dataset to be.
        asked: What decides the content, and what the source does not say of itself.

    Returns:
        Counts and what needs all tasks; the rows themselves are on the disk.

    Raises:
        ConfigurationError: Nobody says the unit.
        DatasetError: The HDF5 file cannot be read.
    """
    settings, hints = asked
    writer, families = TaskWriter(folder, number), set[str]()
    try:
        with WaveformFile(chunk.waveforms) as file:
            common = Common.read(file.data_format, chunk.waveforms, hints.unit)
            for start in range(0, len(rows), TRACES_AT_ONCE):
                some = rows[start : start + TRACES_AT_ONCE]
                traces = [_understood(row, file.data_format, settings, hints) for row in some]
                families |= {trace.family for trace in traces if trace.family is not None}
                for row, outcome in _outcomes(some, traces, file, common, settings):
                    writer.take(row.get("trace_name", ""), outcome, functools.partial(_rejected, row))
        part = writer.finish(len(rows))
    finally:
        writer.discard()
    return Read(part, [_stored(row) for row in writer.records], families)


class _Understood(NamedTuple):
    """A row's trace, or why it has none, and its channel family as far as that is known."""

    trace: Trace | Refusal
    family: str | None


def _understood(
    row: Row, data_format: dict[str, Any], settings: CurationSettings, hints: Hints
) -> _Understood:
    """Understand a row; the samples of one that cannot become a record are never read."""
    try:
        trace = read_trace(row, data_format, hints.family)
    except WaveformError as error:
        return _Understood(Refusal(error.reason, str(error)), None)
    family = trace.seed_id.family
    if not settings.select.keeps_family(family):
        return _Understood(Refusal("family_not_selected", f"family {family}"), family)
    return _Understood(trace, family)


def _outcomes(
    rows: list[Row],
    traces: list[_Understood],
    file: WaveformFile,
    common: Common,
    settings: CurationSettings,
) -> Iterator[tuple[Row, Outcome]]:
    names = [understood.trace.name for understood in traces if isinstance(understood.trace, Trace)]
    answers = iter(file.read(names))
    for row, (trace, _) in zip(rows, traces, strict=True):
        if isinstance(trace, Refusal):
            yield row, Outcome(None, trace)
            continue
        samples = next(answers)
        if isinstance(samples, Refusal):
            yield row, Outcome(None, samples)
            continue
        try:
            measured = measure_trace(row, trace, samples, common, settings)
        except WaveformError as error:
            yield row, Outcome(None, Refusal(error.reason, str(error)))
            continue
        yield row, Outcome(measured, refusal(measured.row, settings.select, settings.components))


def _rejected(row: Row, reason: str, detail: str) -> dict[str, Any]:
    names = ("station_network_code", "station_code", "station_location_code")
    station = ".".join(row.get(name, "") for name in names).strip(".") or None
    known = rejection_row(reason, detail, row.get("trace_name"), row.get("source_id"), station)
    return {**known, "family": row.get("trace_channel")}


def _stored(row: dict[str, Any]) -> Stored:
    sensor = tuple(str(row[name]) for name in SENSOR)
    return Stored(sensor, row["trace_unit"], row["source_id"], row["split"], row["kind"], row["trace_file"])
