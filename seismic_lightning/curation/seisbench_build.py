"""The way from SeisBench's format to the files of a dataset: cut tables, read in parallel, split, join."""

import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seismic_lightning.curation.join import Choice
from seismic_lightning.curation.parallel import in_order
from seismic_lightning.curation.report import frequent_reasons
from seismic_lightning.curation.seisbench_sums import Sums
from seismic_lightning.curation.seisbench_table import Chunk, count_rows, find_chunks, read_rows
from seismic_lightning.curation.seisbench_task import Hints, Read, Row, read_task
from seismic_lightning.curation.settings import ALL_FAMILIES, CurationSettings, ParallelSettings
from seismic_lightning.curation.shards import describe_files, hold_as_floats
from seismic_lightning.curation.task import N_TASKS
from seismic_lightning.errors import DatasetError
from seismic_lightning.progress import Progress

FEWEST_ROWS, MOST_ROWS = 256, 2048
"""The fewest make a process for the HDF5 file worth while; the most bound a task's memory and shards."""
NO_CURVE = "SeisBench's format holds sensitivities, but no responses"


def build(
    source_dir: Path,
    folder: Path,
    asked: tuple[CurationSettings, Hints],
    processes: tuple[int, ParallelSettings],
    progress: Progress | None,
) -> dict[str, Any]:
    """Write all files of a dataset but its manifest.

    Args:
        source_dir: Folder of SeisBench's format.
        folder: Empty folder to write into.
        asked: What decides the content, and what the source does not say of itself.
        processes: Number of processes that read and measure, and what runs them.
        progress: Called with the number of rows that are done and of all.

    Returns:
        Counts, settings, unit and file hashes for the manifest.

    Raises:
        ConfigurationError: Nobody says the unit.
        DatasetError: The source cannot be read, or nothing was accepted.
    """
    settings, chunks = asked[0], find_chunks(source_dir)
    total = sum(count_rows(chunk.table) for chunk in chunks)
    tasks = ((number, chunk, rows, folder, asked) for number, (chunk, rows) in enumerate(_cut(chunks, total)))
    sums, families, done = Sums(), set[str](), 0
    with closing(in_order(read_task, tasks, *processes)) as finished:
        read: Read
        for read in finished:
            sums.add(read)
            families |= read.families
            done += read.part.n_candidates
            if progress is not None:
                progress(done, total)
    gathered = sums.gathered
    unit = gathered.choose_unit(settings.select)
    floats = sums.choose_type(folder, unit)
    if not any(of == unit for of, _ in gathered.records):
        reasons = frequent_reasons(gathered.tally)
        raise DatasetError(f"none of {total} traces of {source_dir} was accepted: {reasons}")
    splits, remarks = sums.split(unit, settings.split)
    sums.withdraw(folder)
    choice = Choice(unit, splits)
    gathered.write(folder, choice, [], no_curve=NO_CURVE)
    if floats:
        hold_as_floats(folder)
    wanted = [family for family in settings.select.families if family != ALL_FAMILIES]
    counts = gathered.counts(total, choice, [family for family in wanted if family not in families])
    return {
        "unit": unit,
        "components": settings.components,
        "settings": asdict(settings),
        "counts": {**counts, "remarks": remarks},
        "files": describe_files(folder),
    }


def _cut(chunks: list[Chunk], total: int) -> Iterator[tuple[Chunk, list[Row]]]:
    """Cut the tables into tasks of about one size; each has rows of one table."""
    size = min(max(math.ceil(total / N_TASKS), FEWEST_ROWS), MOST_ROWS)
    for chunk in chunks:
        for rows in read_rows(chunk.table, size):
            yield chunk, rows
