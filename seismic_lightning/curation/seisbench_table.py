"""The metadata of SeisBench's format: chunks are found, columns read as text, and rows understood.

Nothing is guessed: an empty field is unknown, whatever the column. Codes stay text, so that location ``00``
and network ``NA`` survive.

References:
    Woollam, J., et al. (2022), SeisBench: a toolbox for machine learning in seismology, Seismological
    Research Letters 93(3), 1695-1709, doi:10.1785/0220210324.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from seismic_lightning.codes import SeedId, is_code, is_family, plain_code
from seismic_lightning.curation.schema import METADATA, P_STATUSES, TIME
from seismic_lightning.errors import DatasetError, WaveformError
from seismic_lightning.records.catalogue import Event

ROWS_AT_ONCE = 512
"""Rows of a table in memory at once."""
_CHUNK = re.compile(r"[\w.-]*", re.ASCII)
_ARRIVAL = re.compile(r"trace_(?P<phase>[pPsS][ngb1]?)_arrival_sample")
_UNKNOWN = ("", "nan", "None", "NaN", "NaT")
_AUTOMATIC = ("auto", "autopicker", "automatic", "predicted")


class Chunk(NamedTuple):
    """One table with its waveforms."""

    table: Path
    waveforms: Path


class Trace(NamedTuple):
    """What a row tells, as far as a record needs it.

    Attributes:
        name: Where the samples lie in the HDF5 file.
        event: The event.
        seed_id: Codes; the channel is the family alone.
        place: Latitude, longitude in degrees and elevation in metres, None if unknown.
        start_ns: Time of the first sample.
        sampling_rate_hz: Rate.
        p_sample: First arrival of P, in samples from the start.
        s_sample: First arrival of S, None if unknown.
        carried: Values of our own columns that the table has, typed.
    """

    name: str
    event: Event
    seed_id: SeedId
    place: tuple[float, float, float | None]
    start_ns: int
    sampling_rate_hz: float
    p_sample: float
    s_sample: float | None
    carried: dict[str, Any]


def find_chunks(folder: Path) -> list[Chunk]:
    """List the tables of a dataset and their waveforms.

    Args:
        folder: Folder of SeisBench's format.

    Returns:
        ``metadata<chunk>.csv`` and ``waveforms<chunk>.hdf5`` of each chunk, in the order of the file
        ``chunks`` or, without one, of their names.

    Raises:
        DatasetError: The folder has no table, or a file of a chunk is missing.
    """
    listed = folder / "chunks"
    if listed.is_file():
        names = [line.strip() for line in listed.read_text(encoding="utf-8", errors="replace").splitlines()]
        names = [name for name in names if name]
    else:
        found = sorted(path.name for path in folder.glob("metadata*.csv"))
        names = [name.removeprefix("metadata").removesuffix(".csv") for name in found]
    if not names:
        raise DatasetError(
            f"{folder} is not in SeisBench's format: it has no metadata.csv, nor metadata<chunk>.csv."
        )
    chunks = []
    for name in names:
        if not _CHUNK.fullmatch(name):
            raise DatasetError(f"{listed} names {name!r}; give letters, digits, '_', '.' and '-'.")
        chunk = Chunk(folder / f"metadata{name}.csv", folder / f"waveforms{name}.hdf5")
        for path in chunk:
            if not path.is_file():
                raise DatasetError(f"{folder} lacks {path.name}.")
        chunks.append(chunk)
    return chunks


def count_rows(table: Path) -> int:
    """Count the rows of a table, which reads it once from beginning to end.

    Args:
        table: CSV file.

    Raises:
        DatasetError: The file is no CSV table with a column ``trace_name``.
    """
    return sum(len(part) for part in _parts(table))


def read_rows(table: Path, n_rows: int = ROWS_AT_ONCE) -> Iterator[list[dict[str, str]]]:
    """Read a table some rows at a time.

    Args:
        table: CSV file.
        n_rows: Rows at a time.

    Yields:
        Known values of each row as text, by column.

    Raises:
        DatasetError: The file is no CSV table with a column ``trace_name``.
    """
    for part in _parts(table, n_rows):
        columns = [str(name) for name in part]
        yield [_known(columns, values) for values in part.itertuples(index=False, name=None)]


def _parts(table: Path, n_rows: int = ROWS_AT_ONCE) -> Iterator[pd.DataFrame]:
    try:
        with pd.read_csv(
            table,
            dtype=str,
            keep_default_na=False,
            encoding_errors="replace",  # names of places may be in any encoding; nothing here needs them
            chunksize=n_rows,
        ) as parts:
            for part in parts:
                if "trace_name" not in part:
                    found = ", ".join(str(name) for name in part)[:200]
                    raise DatasetError(f"{table} has no column trace_name; it has {found}.")
                yield part
    except DatasetError:
        raise
    except (OSError, ValueError) as error:  # pandas' own errors are value errors
        raise DatasetError(f"{table} cannot be read as CSV: {str(error).splitlines()[0]}.") from error


def _known(columns: list[str], values: tuple[str, ...]) -> dict[str, str]:
    return {
        name: value
        for name, value in zip(columns, values, strict=True)
        if isinstance(value, str) and value not in _UNKNOWN
    }


def read_trace(row: dict[str, str], data_format: dict[str, Any], family: str | None) -> Trace:
    """Take from a row what a record needs.

    Args:
        row: Known values as text, by column.
        data_format: What the HDF5 file says all traces have in common.
        family: Channel family of traces whose row does not give one.

    Returns:
        The trace.

    Raises:
        WaveformError: ``no_trace``, ``no_family``, ``bad_code``, ``no_origin``, ``no_magnitude``,
            ``no_station``, ``no_time`` or ``no_onset``.
    """
    name = row.get("trace_name")
    if name is None:
        raise WaveformError("no_trace", "the row has no trace_name")
    seed_id = _seed_id(row, family)
    event = _event(row)
    place = _place(row, "station")
    if place is None:
        raise WaveformError("no_station", "the row has no station latitude and longitude")
    start_ns, rate_hz = _time_ns(row.get("trace_start_time")), _rate_hz(row, data_format)
    if start_ns is None or rate_hz is None:
        lacking = "trace_start_time" if start_ns is None else "trace_sampling_rate_hz"
        raise WaveformError("no_time", f"the row has no usable {lacking}")
    p_sample, column = _first_arrival(row, "p")
    if p_sample is None:
        raise WaveformError("no_onset", "the row has no P arrival sample")
    carried = _carried(row)
    carried["trace_p_status"] = _status(row, column)
    s_sample, _ = _first_arrival(row, "s")
    elevation_m = _number(row, "station_elevation_m")
    return Trace(name, event, seed_id, (*place, elevation_m), start_ns, rate_hz, p_sample, s_sample, carried)


def _seed_id(row: dict[str, str], family: str | None) -> SeedId:
    station = row.get("station_code", "").strip()
    network, location = (plain_code(row.get(f"station_{part}_code")) for part in ("network", "location"))
    if not is_code(station) or not all(code == "" or is_code(code) for code in (network, location)):
        raise WaveformError("bad_code", f"station codes {network!r} {station!r} {location!r}")
    own = row.get("trace_channel", family or "")[:2]
    if not is_family(own):
        raise WaveformError("no_family", f"trace_channel is {row.get('trace_channel', 'empty')}")
    return SeedId(network, station, location, own)


def _event(row: dict[str, str]) -> Event:
    origin_ns, place = _time_ns(row.get("source_origin_time")), _place(row, "source")
    if origin_ns is None or place is None:
        raise WaveformError("no_origin", "the row has no origin time, latitude or longitude")
    magnitude = _number(row, "source_magnitude")
    event_id = row.get("source_id", row.get("source_origin_time", ""))
    if magnitude is None:
        raise WaveformError("no_magnitude", f"event {event_id} has no magnitude")
    return Event(
        event_id=event_id,
        origin_ns=origin_ns,
        latitude_deg=place[0],
        longitude_deg=place[1],
        depth_km=_number(row, "source_depth_km"),
        magnitude=magnitude,
        magnitude_type=row.get("source_magnitude_type"),
    )


def _place(row: dict[str, str], of: str) -> tuple[float, float] | None:
    latitude_deg, longitude_deg = (_number(row, f"{of}_{name}_deg") for name in ("latitude", "longitude"))
    if latitude_deg is None or longitude_deg is None:
        return None
    possible = -90.0 <= latitude_deg <= 90.0 and -180.0 <= longitude_deg <= 360.0
    return (latitude_deg, longitude_deg) if possible else None


def _rate_hz(row: dict[str, str], data_format: dict[str, Any]) -> float | None:
    rate_hz, step_s = _number(row, "trace_sampling_rate_hz"), _number(row, "trace_dt_s")
    if rate_hz is None and step_s:
        rate_hz = 1.0 / step_s
    if rate_hz is None:
        common = data_format.get("sampling_rate")
        rate_hz = float(common) if isinstance(common, int | float) else None
    return rate_hz if rate_hz is not None and 0.0 < rate_hz < math.inf else None


def _first_arrival(row: dict[str, str], wave: str) -> tuple[float | None, str]:
    """Return the earliest arrival of a wave under any of its names, and the name of its column."""
    known = [
        (sample, column)
        for column in row
        if (found := _ARRIVAL.fullmatch(column)) and found["phase"][0].lower() == wave
        if (sample := _number(row, column)) is not None and sample >= 0.0
    ]
    return min(known, default=(None, ""))


def _status(row: dict[str, str], column: str) -> str | None:
    status = row.get(column.replace("_arrival_sample", "_status"), "").lower()
    return "automatic" if status in _AUTOMATIC else status if status in P_STATUSES else None


def _carried(row: dict[str, str]) -> dict[str, Any]:
    """Take over the columns that are ours already; numbers of responses mean nothing elsewhere."""
    carried: dict[str, Any] = {}
    for name, column in METADATA.columns.items():
        if name not in row or name.endswith("_response"):
            continue
        dtype = str(column.dtype)
        if dtype == TIME:
            carried[name] = _time_ns(row[name])
        elif dtype.startswith("str"):
            carried[name] = row[name]
        else:
            carried[name] = _number(row, name)
    return carried


def _number(row: dict[str, str], name: str) -> float | None:
    """Return a finite number, None for anything else."""
    try:
        value = float(row[name])
    except (KeyError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _time_ns(text: str | None) -> int | None:
    """Return nanoseconds since 1970; a time without a zone is UTC."""
    if text is None:
        return None
    time = pd.to_datetime(text, utc=True, errors="coerce")
    return None if time is pd.NaT else int(time.as_unit("ns").value)
