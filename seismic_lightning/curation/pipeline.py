"""The way from an archive to the files of a dataset: measure in parallel, select, store, split, report."""

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from seismic_lightning.codes import COMPONENTS
from seismic_lightning.curation.identity import FORMAT, MANIFEST, SCHEMA_VERSION
from seismic_lightning.curation.layout import find_parts
from seismic_lightning.curation.measure import Candidate, measure
from seismic_lightning.curation.plan import Plan, candidate_row, make_plan
from seismic_lightning.curation.report import (
    QUALITY_CSV,
    REJECTIONS_CSV,
    REJECTIONS_FILE,
    SPLIT_LABELS,
    frequent_reasons,
    rejected_counts,
)
from seismic_lightning.curation.responses import number_responses, write_responses
from seismic_lightning.curation.schema import METADATA, REJECTIONS, to_table
from seismic_lightning.curation.select import Refusal, dataset_unit, refusal
from seismic_lightning.curation.settings import CurationSettings
from seismic_lightning.curation.shards import ShardWriter, sha256
from seismic_lightning.curation.split import split_events
from seismic_lightning.curation.store import METADATA_FILE
from seismic_lightning.errors import DatasetError, WaveformError
from seismic_lightning.records.catalogue import read_quakeml
from seismic_lightning.records.inventory import Inventory, read_stationxml

FILES_PER_TASK = 16
QUALITY_COLUMNS = ("event", "magnitude", "snr1", "snr2", "snr3", "gap1", "gap2", "gap3", "path")

Progress = Callable[[int, int], None]


class Outcome(NamedTuple):
    """What became of one file.

    Attributes:
        row: Metadata columns, None if the file could not be measured.
        samples: ``(3, N)``, None unless the record was selected.
        refusal: Why it was not, None if it was.
    """

    row: dict[str, Any] | None
    samples: NDArray[Any] | None
    refusal: Refusal | None


@dataclass
class _Gathered:
    """Rows that grow while files are measured."""

    records: list[dict[str, Any]] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    rejections: list[dict[str, Any]] = field(default_factory=list)
    quality: list[tuple[Any, ...]] = field(default_factory=list)


def build_dataset(
    archive_dir: Path, folder: Path, settings: CurationSettings, n_workers: int, progress: Progress | None
) -> dict[str, Any]:
    """Write all files of a dataset but its manifest.

    Args:
        archive_dir: Archive to read.
        folder: Empty folder to write into.
        settings: Everything that decides what the dataset contains.
        n_workers: Processes that measure files.
        progress: Called with the number of measured files and of all files to measure.

    Returns:
        Counts, settings, unit and file hashes for the manifest.

    Raises:
        ArchiveError: Catalogue or station metadata cannot be read.
        ConfigurationError: No file has a selected family.
        DatasetError: No record was accepted, or too few events.
    """
    parts = find_parts(archive_dir)
    plan = make_plan(archive_dir, parts, read_quakeml(parts.catalogue), settings.select)
    inventory = read_stationxml(parts.stations)
    writer = ShardWriter(folder)
    gathered = _Gathered(rejections=list(plan.rejections))
    try:
        with closing(_outcomes(plan.candidates, archive_dir, inventory, settings, n_workers)) as outcomes:
            _gather(plan, outcomes, writer, gathered, progress)
        unit = dataset_unit(Counter(row["trace_unit"] for row in gathered.records), settings.select)
        _keep_unit(gathered, unit)
        if not gathered.records:
            raise _nothing_accepted(archive_dir, gathered.rejections)
        try:
            splits = split_events((row["source_id"] for row in gathered.records), settings.split)
        except DatasetError as error:
            raise DatasetError(f"{error} {frequent_reasons(gathered.rejections)}") from error
        writer.close(unit)
    finally:
        writer.discard()
    for row in gathered.records:
        row["split"] = splits[row["source_id"]]
    counts = _counts(plan, gathered, splits)
    write_responses(folder, number_responses(gathered.records, parts.stations))
    _write_tables(folder, gathered)
    names = sorted(path.name for path in folder.iterdir())
    files = {
        name: {"size": (folder / name).stat().st_size, "sha256": sha256(folder / name)} for name in names
    }
    return {"unit": unit, "settings": asdict(settings), "counts": counts, "files": files}


def write_manifest(folder: Path, identity: str, content: dict[str, Any]) -> dict[str, Any]:
    """Write what makes a folder a dataset.

    Args:
        folder: Folder with all other files.
        identity: Content address.
        content: What :func:`build_dataset` returned.

    Returns:
        The manifest.
    """
    manifest = {"format": FORMAT, "schema_version": SCHEMA_VERSION, "dataset_id": identity, **content}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest


def _outcomes(
    candidates: list[Candidate],
    archive_dir: Path,
    inventory: Inventory,
    settings: CurationSettings,
    n_workers: int,
) -> Generator[list[Outcome], None, None]:
    """Measure files, in their order, a few per task; each task carries only the stations it needs."""
    starts = range(0, len(candidates), FILES_PER_TASK)
    batches = (candidates[start : start + FILES_PER_TASK] for start in starts)
    tasks = (
        delayed(measure_batch)(
            batch, archive_dir, inventory.stations(code for c in batch for code in c.name.codes), settings
        )
        for batch in batches
    )
    yield from Parallel(n_jobs=n_workers, return_as="generator")(tasks)


def measure_batch(
    batch: list[Candidate], archive_dir: Path, inventory: Inventory, settings: CurationSettings
) -> list[Outcome]:
    """Measure a few files and apply the thresholds.

    Args:
        batch: Files to measure.
        archive_dir: Archive that their paths are relative to.
        inventory: Metadata of their stations.
        settings: Window, orientation and thresholds.

    Returns:
        One outcome per file, in order.
    """
    outcomes = []
    for candidate in batch:
        try:
            record = measure(candidate, archive_dir, inventory, settings)
        except WaveformError as error:
            outcomes.append(Outcome(None, None, Refusal(error.reason, str(error))))
            continue
        refused = refusal(record.row, settings.select)
        outcomes.append(Outcome(record.row, None if refused else record.window.samples, refused))
    return outcomes


def _gather(
    plan: Plan,
    outcomes: Iterator[list[Outcome]],
    writer: ShardWriter,
    gathered: _Gathered,
    progress: Progress | None,
) -> None:
    """Store what is selected and note what is not."""
    seen: dict[tuple[str, ...], str] = {}
    remaining = iter(plan.candidates)
    done = 0
    for batch in outcomes:
        for outcome in batch:
            _take(next(remaining), outcome, writer, gathered, seen)
        done += len(batch)
        if progress is not None:
            progress(done, len(plan.candidates))


def _take(
    candidate: Candidate,
    outcome: Outcome,
    writer: ShardWriter,
    gathered: _Gathered,
    seen: dict[tuple[str, ...], str],
) -> None:
    row, refused = outcome.row, outcome.refusal
    if row is not None:
        gathered.quality.append(_quality(row))
        names = (
            "source_id",
            "station_network_code",
            "station_code",
            "station_location_code",
            "trace_channel",
        )
        sensor = tuple(row[name] for name in names)
        if refused is None and sensor in seen:
            refused = Refusal("duplicate", f"same event, station and family as {seen[sensor]}")
        elif refused is None:
            seen[sensor] = candidate.file
    if refused is not None or row is None or outcome.samples is None:
        reason, detail = refused or Refusal("unreadable", "no samples")
        gathered.rejections.append(candidate_row(candidate, reason, detail))
        return
    place = writer.append(outcome.samples, row["trace_unit"], row["trace_sampling_rate_hz"])
    gathered.records.append({**row, "shard": place.shard, "row": place.row})
    gathered.candidates.append(candidate)


def _keep_unit(gathered: _Gathered, unit: str) -> None:
    """Turn selected records of other units into rejections."""
    pairs = list(zip(gathered.records, gathered.candidates, strict=True))
    for row, candidate in pairs:
        if row["trace_unit"] != unit:
            detail = f"samples in {row['trace_unit']}, the dataset is in {unit}"
            gathered.rejections.append(candidate_row(candidate, "other_unit", detail))
    gathered.records = [row for row, _ in pairs if row["trace_unit"] == unit]


def _counts(plan: Plan, gathered: _Gathered, splits: dict[str, str]) -> dict[str, Any]:
    """Count everything and check that the counts add up."""
    rejected, apart = rejected_counts(gathered.rejections)
    accepted = len(gathered.records)
    if accepted + sum(rejected.values()) != plan.total:
        message = f"{accepted} accepted and {sum(rejected.values())} rejected of {plan.total} candidates"
        raise AssertionError(message)
    events, records = Counter(splits.values()), Counter(row["split"] for row in gathered.records)
    return {
        "candidates": plan.total,
        "accepted": accepted,
        "rejected": rejected,
        "apart": apart,
        "events": {name: events[name] for name in SPLIT_LABELS},
        "records": {name: records[name] for name in SPLIT_LABELS},
        "absent_families": plan.absent_families,
    }


def _quality(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return the flat row of the original practice: legacy definitions, components Z, N, E as 1, 2, 3."""
    ratios = (row[f"trace_{component}_snr_legacy"] for component in COMPONENTS)
    gaps = (row[f"trace_{component}_gap_legacy"] for component in COMPONENTS)
    return (row["source_id"], row["source_magnitude"], *ratios, *gaps, row["trace_file"])


def _write_tables(folder: Path, gathered: _Gathered) -> None:
    to_table(gathered.records, METADATA).to_parquet(folder / METADATA_FILE)
    rejections = to_table(gathered.rejections, REJECTIONS)
    rejections.to_parquet(folder / REJECTIONS_FILE)
    rejections.to_csv(folder / REJECTIONS_CSV, index=False)
    pd.DataFrame(gathered.quality, columns=list(QUALITY_COLUMNS)).to_csv(folder / QUALITY_CSV, index=False)


def _nothing_accepted(archive_dir: Path, rejections: list[dict[str, Any]]) -> DatasetError:
    counts, _ = rejected_counts(rejections)
    if set(counts) == {"no_station"}:
        stations = ", ".join(sorted({str(row["station"]) for row in rejections if row["station"]})[:5])
        message = f"stations.xml of {archive_dir} lists no station of any file (files name {stations}, ...)."
        return DatasetError(message)
    total = sum(counts.values())
    return DatasetError(
        f"none of {total} candidates of {archive_dir} was accepted: {frequent_reasons(rejections)}"
    )
