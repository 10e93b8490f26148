"""One task of curation: measure some candidates and write their samples and tables, in any process.

A task owns its files, so that processes share nothing and no sample travels between them. Which candidates
form a task depends on the archive alone: the dataset is the same for any number of processes. Candidates of
one event and family stay together, because that is where duplicates are found; hence the plan lists them in a
row, by the files' folders or by its own sorting.
"""

import functools
import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from seismic_lightning.codes import COMPONENTS
from seismic_lightning.curation.measure import Candidate, Measured, measure
from seismic_lightning.curation.rejection import candidate_row
from seismic_lightning.curation.report import Tally
from seismic_lightning.curation.responses import Sources, number_sources
from seismic_lightning.curation.schema import MEASURED, QUALITY, REJECTIONS, to_table
from seismic_lightning.curation.select import Refusal, refusal
from seismic_lightning.curation.settings import CurationSettings
from seismic_lightning.curation.shards import ShardWriter
from seismic_lightning.errors import WaveformError
from seismic_lightning.records.gse2 import Gse2Decoder
from seismic_lightning.records.inventory import Inventory

N_TASKS = 64
"""Tasks that an archive is cut into, as far as their size stays within the limits below."""
FEWEST_CANDIDATES, MOST_CANDIDATES = 16, 2048
"""The fewest make starting a task worth while; the most bound its memory and the size of its shards."""
SENSOR = ("source_id", "station_network_code", "station_code", "station_location_code", "trace_channel")


class Part(NamedTuple):
    """What a task tells about the files that it wrote.

    Attributes:
        number: Number of the task.
        n_candidates: Candidates that it measured.
        records: Number of records by unit and event.
        tally: Number of rejections by reason.
        sources: Channels that the numbers in its records' ``trace_<component>_response`` stand for.
    """

    number: int
    n_candidates: int
    records: Counter[tuple[str, str]]
    tally: Tally
    sources: tuple[Sources, ...]


class Outcome(NamedTuple):
    """What became of one candidate.

    Attributes:
        measured: The record, None if the candidate cannot be measured.
        refused: Why it was refused, None if it was not.
    """

    measured: Measured | None
    refused: Refusal | None


class PartFiles(NamedTuple):
    """Where a task writes its tables; they are joined and removed at the end."""

    records: Path
    rejections: Path
    quality: Path

    @classmethod
    def of(cls, folder: Path, number: int) -> "PartFiles":
        """Name the tables of a task."""
        return cls(*(folder / f"part_{number:05d}.{name}.parquet" for name in cls._fields))


class TaskWriter:
    """Stores what a task measured: samples in shards, rows in tables.

    Attributes:
        records: Metadata of the records, in their order.
    """

    def __init__(self, folder: Path, number: int) -> None:
        """Write into a folder that exists; the number names the files."""
        self.records: list[dict[str, Any]] = []
        self._rejections: list[dict[str, Any]] = []
        self._quality: list[dict[str, Any]] = []
        self._seen: dict[tuple[str, ...], str] = {}
        self._shards = ShardWriter(folder, number)
        self._folder, self._number = folder, number

    def take(self, file: str, outcome: Outcome, rejected: Callable[[str, str], dict[str, Any]]) -> None:
        """Store a selected record, or note why it is none.

        Args:
            file: What to call its source.
            outcome: What became of it.
            rejected: Makes a row of the rejection table of a reason and a detail.
        """
        measured, refused = outcome
        if measured is not None:
            self._quality.append(_quality(measured.row))
            sensor = tuple(measured.row[name] for name in SENSOR)
            if refused is None and sensor in self._seen:
                refused = Refusal("duplicate", f"same event, station and family as {self._seen[sensor]}")
            elif refused is None:
                self._seen[sensor] = file
        if refused is not None or measured is None:
            self._rejections.append(rejected(*(refused or Refusal("unreadable", "no samples"))))
            return
        row = measured.row
        place = self._shards.append(measured.window.samples, row["trace_unit"], row["trace_sampling_rate_hz"])
        self.records.append({**row, "shard": place.shard, "row": place.row})

    def finish(self, n_candidates: int) -> Part:
        """Finish the shards, write the tables and return the counts."""
        self._shards.close()
        sources = number_sources(self.records)
        files = PartFiles.of(self._folder, self._number)
        to_table(self.records, MEASURED).to_parquet(files.records)
        to_table(self._rejections, REJECTIONS).to_parquet(files.rejections)
        to_table(self._quality, QUALITY).to_parquet(files.quality)
        records = Counter((row["trace_unit"], row["source_id"]) for row in self.records)
        return Part(self._number, n_candidates, records, Tally.of(self._rejections), sources)

    def discard(self) -> None:
        """Close all files, finished or not."""
        self._shards.discard()


def cut_into_tasks(candidates: list[Candidate]) -> Iterator[list[Candidate]]:
    """Cut the candidates, in their order, into tasks of about one size.

    Args:
        candidates: All candidates; those of one event and family in a row.

    Yields:
        Candidates of one task.
    """
    size = min(max(math.ceil(len(candidates) / N_TASKS), FEWEST_CANDIDATES), MOST_CANDIDATES)
    task: list[Candidate] = []
    for _, group in itertools.groupby(candidates, key=lambda c: (c.name.family, c.event.event_id)):
        task.extend(group)
        if len(task) >= size:
            yield task
            task = []
    if task:
        yield task


def run_task(
    number: int,
    candidates: list[Candidate],
    folders: tuple[Path, Path],
    inventory: Inventory,
    settings: CurationSettings,
) -> Part:
    """Measure candidates, apply the thresholds and write what came of it.

    Args:
        number: Number of the task; it names the files.
        candidates: What to measure.
        folders: The one that their paths are relative to, and the folder of the dataset to be.
        inventory: Metadata of their stations.
        settings: Window, orientation and thresholds.

    Returns:
        Counts; the rows themselves are on the disk.
    """
    root, folder = folders
    writer = TaskWriter(folder, number)
    try:
        with Gse2Decoder() as decoder:
            for candidate in candidates:
                outcome = outcome_of(candidate, root, inventory, settings, decoder)
                writer.take(candidate.file, outcome, functools.partial(candidate_row, candidate))
        return writer.finish(len(candidates))
    finally:
        writer.discard()


def outcome_of(
    candidate: Candidate,
    root: Path,
    inventory: Inventory,
    settings: CurationSettings,
    decoder: Gse2Decoder | None = None,
) -> Outcome:
    """Measure one candidate and apply the thresholds.

    Args:
        candidate: What to measure.
        root: Folder that its path is relative to.
        inventory: Metadata of its station.
        settings: Window, orientation and thresholds.
        decoder: What decodes GSE blocks of many files.
    """
    try:
        measured = measure(candidate, root, inventory, settings, decoder)
    except WaveformError as error:
        return Outcome(None, Refusal(error.reason, str(error)))
    return Outcome(measured, refusal(measured.row, settings.select, settings.components))


def _quality(row: dict[str, Any]) -> dict[str, Any]:
    """Return the flat row of the original practice: legacy definitions, components Z, N, E as 1, 2, 3."""
    numbered = list(enumerate(COMPONENTS, start=1))
    return {
        "event": row["source_id"],
        "magnitude": row["source_magnitude"],
        **{f"snr{number}": row[f"trace_{component}_snr_legacy"] for number, component in numbered},
        **{f"gap{number}": row[f"trace_{component}_gap_legacy"] for number, component in numbered},
        "path": row["trace_file"],
    }
