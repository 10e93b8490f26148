"""Files of generated records: an archive that ``curate`` reads, in which every file says what it is.

    output_dir/
    ├── waveforms/<family>/<event>_<NET>_<STA>_<LOC>_<family>.mseed
    ├── catalogue.xml               QuakeML: the sources asked for, theoretical picks
    ├── stations.xml                StationXML: the stations asked for
    ├── metadata.parquet            one row per record
    ├── overview.png                some of the records
    └── generation.json             model, settings and requests

The folder appears whole or not at all, and the same records lead to the same bytes.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import seismic_lightning
from seismic_lightning.codes import SeedId
from seismic_lightning.errors import ConfigurationError, StorageError
from seismic_lightning.generation.overview import save_overview, shown_records
from seismic_lightning.generation.tables import AUTHORITY, catalogue_bytes, station_bytes
from seismic_lightning.progress import Progress
from seismic_lightning.records.miniseed import miniseed_bytes
from seismic_lightning.records.waveform import Segment
from seismic_lightning.storage import is_vacant, locked, whole_folder

WAVEFORMS, CATALOGUE, STATIONS = "waveforms", "catalogue.xml", "stations.xml"
METADATA, OVERVIEW, MANIFEST = "metadata.parquet", "overview.png", "generation.json"
_ID_DIGITS = 16
_MOST_COUNTS = 2.0**31 - 2**7
"""The greatest number of 32 bits that float32 has too."""


class About(NamedTuple):
    """What a folder says of its records beside the records themselves.

    Attributes:
        title: Of the overview; the word "synthetic" is put before it.
        document: Plain values for the folder's JSON file.
        passing_hz: A frequency within the passband of all records, for which sensitivities are stated.
    """

    title: str
    document: Mapping[str, Any]
    passing_hz: float


def check_vacant(output_dir: Path) -> None:
    """Refuse a folder that is taken, or that may not be made.

    Args:
        output_dir: Folder to make.

    Raises:
        ConfigurationError: There is something in it.
        StorageError: The folder that it is to lie in cannot be written to.
    """
    if not is_vacant(output_dir):
        raise ConfigurationError(f"output_dir={output_dir} is occupied and stays as it is: give a new folder")
    place = next(folder for folder in (output_dir, *output_dir.absolute().parents) if folder.exists())
    if not place.is_dir():
        raise StorageError(f"output_dir={output_dir}: {place} is a file; give another folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise StorageError(
            f"output_dir={output_dir}: no permission to write in {place.absolute()}; give another folder"
        )


def write_records(
    output_dir: Path,
    records: pd.DataFrame,
    blocks: Iterable[NDArray[np.float32]],
    about: About,
    progress: Progress | None = None,
    *,
    picture: Callable[[Path, pd.DataFrame], None] | None = None,
) -> Path:
    """Write generated records.

    Args:
        output_dir: Folder to make.
        records: One row per record, as ``request.expand`` returns them.
        blocks: Their waveforms in the same order, ``(b, C, N)`` each, in the unit before ``unit_factor``.
        about: What the folder says of them.
        progress: Called with the number of written records and of all.
        picture: Draws into the folder, in place of the overview; given the folder and the table of records.

    Returns:
        The folder.

    Raises:
        ConfigurationError: The folder is taken, a sample is not finite or more than a file can hold, or
            station metadata cannot tell what was asked of a station.
        StorageError: The disk is full or the folder cannot be written to.
    """
    output_dir = output_dir.absolute()
    records = records.reset_index(drop=True).assign(trace_file=file_names(records), synthetic=True)
    check_vacant(output_dir)
    with locked(output_dir, leaves_file=False):
        check_vacant(output_dir)  # another process may have written it meanwhile
        with whole_folder(output_dir) as folder:
            authority = f"{AUTHORITY}/{_identifier(records, about)}"
            (folder / CATALOGUE).write_bytes(catalogue_bytes(records, authority))
            stations = station_bytes(
                records, authority, about.passing_hz
            )  # before the waveforms, which take long
            if stations is not None:
                (folder / STATIONS).write_bytes(stations)
            shown = _write_waveforms(folder, records, blocks, progress)
            records.drop(columns="unit_factor").to_parquet(folder / METADATA, index=False)
            if picture is None:
                save_overview(folder / OVERVIEW, records.loc[list(shown)], list(shown.values()), about.title)
            else:
                picture(folder, records)
            document = {
                "format": "seismic_lightning synthetic records",
                "synthetic": True,
                "version": seismic_lightning.__version__,
                "n_records": len(records),
                **about.document,
            }
            (folder / MANIFEST).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return output_dir


def file_names(records: pd.DataFrame) -> list[str]:
    """Name the file of each record.

    Args:
        records: One row per record; no two of one event, station and family.

    Returns:
        Paths with ``/`` below the folder.
    """
    family = records["trace_channel"]
    codes = ["source_id", "station_network_code", "station_code", "station_location_code", "trace_channel"]
    return (WAVEFORMS + "/" + family + "/" + records[codes].agg("_".join, axis=1) + ".mseed").tolist()


def _identifier(records: pd.DataFrame, about: About) -> str:
    """Return what tells a making from all others: digits of a checksum over model, settings and records."""
    document = json.dumps(about.document, sort_keys=True, default=str)
    content = document + records.drop(columns="trace_file").to_csv(index=False)
    return hashlib.sha256(content.encode()).hexdigest()[:_ID_DIGITS]


def _write_waveforms(
    folder: Path, records: pd.DataFrame, blocks: Iterable[NDArray[np.float32]], progress: Progress | None
) -> dict[int, NDArray[np.float32]]:
    """Write one file per record; returns the waveforms that the overview shows, by row."""
    for family in sorted(set(records["trace_channel"])):
        (folder / WAVEFORMS / family).mkdir(parents=True)
    wanted, shown = set(shown_records(records)), {}
    done = 0
    for block in blocks:
        rows = records.iloc[done : done + len(block)].to_dict("records")
        for number, (row, samples) in enumerate(zip(rows, block, strict=True), start=done):
            with np.errstate(over="ignore"):  # refused below, by name
                scaled = _writable(row, samples * np.float32(row["unit_factor"]))
            (folder / str(row["trace_file"])).write_bytes(miniseed_bytes(segments(row, scaled)))
            if number in wanted:
                shown[number] = scaled
        done += len(block)
        if progress is not None:
            progress(done, len(records))
    return shown


def segments(record: Mapping[Any, Any], samples: NDArray[np.float32]) -> Iterator[Segment]:
    """Turn one record into segments; counts become whole numbers, as a digitiser sends them.

    Args:
        record: Row of the record.
        samples: ``(C, N)`` samples in its unit.

    Yields:
        One segment per component.
    """
    network, station = str(record["station_network_code"]), str(record["station_code"])
    location, family = str(record["station_location_code"]), str(record["trace_channel"])
    start_ns = int(record["trace_start_time"].value)
    for component, trace in zip(str(record["trace_components"]), samples, strict=True):
        seed_id = SeedId(network, station, location, family + component)
        stored = _whole(trace) if record["trace_unit"] == "counts" else np.ascontiguousarray(trace)
        yield Segment(seed_id, start_ns, float(record["trace_sampling_rate_hz"]), stored)


def _writable(record: Mapping[Any, Any], samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Refuse samples that no file can hold; returns the others as they are."""
    lost = int((~np.isfinite(samples)).sum())
    if lost:
        fault = f"{lost} of {samples.size} samples are not finite"
    elif record["trace_unit"] == "counts" and np.abs(samples).max(initial=0.0) > _MOST_COUNTS:
        fault = f"{np.abs(samples).max():.3g} counts are more than the 32 bits of a digitiser hold"
    else:
        return samples
    raise ConfigurationError(
        f"request {record['request']}, record {record['record']}: {fault}; give a lower temperature, a "
        "request nearer to the training data, or leave the model's own unit"
    )


def _whole(samples: NDArray[np.float32]) -> NDArray[np.int32]:
    """Round to counts."""
    return np.rint(samples).astype(np.int32)
