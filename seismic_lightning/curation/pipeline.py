"""The way from an archive to the files of a dataset: plan, measure in parallel, split, join, count."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from seismic_lightning.curation.gather import Gathered
from seismic_lightning.curation.join import Choice
from seismic_lightning.curation.layout import Places, find_parts
from seismic_lightning.curation.merge import read_events
from seismic_lightning.curation.parallel import in_order
from seismic_lightning.curation.plan import NoCandidateError, Plan, make_plan
from seismic_lightning.curation.report import REJECTIONS_CSV, Tally, frequent_reasons
from seismic_lightning.curation.schema import REJECTIONS, to_table
from seismic_lightning.curation.settings import CurationSettings, ParallelSettings
from seismic_lightning.curation.shards import describe_files
from seismic_lightning.curation.task import Part, cut_into_tasks, run_task
from seismic_lightning.errors import DatasetError
from seismic_lightning.progress import Progress
from seismic_lightning.records.inventory import Inventory
from seismic_lightning.records.stations import read_stations
from seismic_lightning.storage import PART


def build_dataset(
    archive: Path | Places,
    folder: Path,
    settings: CurationSettings,
    *,
    parallel: ParallelSettings,
    n_workers: int,
    progress: Progress | None,
) -> tuple[dict[str, Any], frozenset[str]]:
    """Write all files of a dataset but its manifest.

    Args:
        archive: Archive to read.
        folder: Empty folder to write into.
        settings: Everything that decides what the dataset contains.
        parallel: What runs the processes that measure files.
        n_workers: Number of these processes.
        progress: Called with the number of measured files and of all files to measure.

    Returns:
        Counts, settings, unit and file hashes for the manifest, and the names of the files it comes from.

    Raises:
        ArchiveError: Catalogue or station metadata cannot be read.
        ConfigurationError: No file has a selected family, or no scheduler answers.
        DatasetError: No record was accepted, or too few events.
    """
    parts = find_parts(archive)
    catalogue, problems = read_events(parts, settings.catalogue_format)
    try:
        plan = make_plan(parts, catalogue, settings, problems)
    except NoCandidateError as error:
        raise _with_table(error, folder, to_table(error.rejections, REJECTIONS)) from error
    gathered, done, left_out = Gathered(plan.rejections), 0, catalogue.left_out
    inventory = Inventory(epoch for path in parts.stations for epoch in read_stations(path, settings.network))
    tasks, stations = _tasks(plan, (parts.root, folder), inventory, settings), parts.stations
    del parts, catalogue  # all of their rows that matter are in the plan
    with closing(in_order(run_task, tasks, n_workers, parallel)) as finished:
        part: Part
        for part in finished:
            gathered.add(part)
            done += part.n_candidates
            if progress is not None:
                progress(done, len(plan.candidates))
    try:
        choice = _choose(gathered, settings, archive)
    except DatasetError as error:
        raise _with_table(error, folder, gathered.rejections(folder)) from error
    gathered.write(folder, choice, stations)
    counts = gathered.counts(plan.total, choice, plan.absent_families)
    content = {
        "unit": choice.unit,
        "components": settings.components,
        "settings": asdict(settings),
        "counts": {**counts, "left_out": left_out},
        "files": describe_files(folder),
    }
    return content, plan.files


def _tasks(
    plan: Plan, folders: tuple[Path, Path], inventory: Inventory, settings: CurationSettings
) -> Iterator[tuple[Any, ...]]:
    """List the arguments of each task; a task carries only the stations it needs."""
    for number, candidates in enumerate(cut_into_tasks(plan.candidates)):
        stations = inventory.stations(code for c in candidates for code in c.name.codes)
        yield number, candidates, folders, stations, settings


def _choose(gathered: Gathered, settings: CurationSettings, archive: Path | Places) -> Choice:
    """Decide what needs all records: the unit and the split of events."""
    unit = gathered.choose_unit(settings.select)
    if not any(of == unit for of, _ in gathered.records):
        raise _nothing_accepted(archive, gathered.tally)
    return Choice(unit, gathered.split(unit, settings.split))


def _with_table(error: DatasetError, folder: Path, rejections: pd.DataFrame) -> DatasetError:
    """Keep the rejections of a dataset that cannot be made beside the place where it would have been."""
    path = folder.with_name(f"{folder.name.removesuffix(PART)}.{REJECTIONS_CSV}")
    rejections.to_csv(path, index=False)
    return DatasetError(f"{error} Everything that was left out, and why: {path}.")


def _nothing_accepted(archive: Path | Places, tally: Tally) -> DatasetError:
    counts, _ = tally.split()
    if set(counts) == {"no_station"}:
        path, detail = tally.examples["no_station"]
        return DatasetError(
            f"the station metadata of {archive} list no station of any file (such as {path}: {detail})."
        )
    return DatasetError(
        f"none of {sum(counts.values())} candidates of {archive} was accepted: {frequent_reasons(tally)}"
    )
