"""The declared columns of a dataset's tables, checked whenever they are written or read.

Names follow SeisBench's law ``CATEGORY_PARAMETER_UNIT``. Unknown is null, never 0. Gap intervals are JSON
text such as ``[[120, 450]]``, ``[start, stop)`` in samples: text survives Parquet, CSV and tools of others
exactly, nested columns do not.

References:
    Woollam, J., et al. (2022), SeisBench: a toolbox for machine learning in seismology, Seismological
    Research Letters 93(3), 1695-1709, doi:10.1785/0220210324.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.errors
import pandera.pandas as pa

from seismic_lightning.codes import COMPONENTS
from seismic_lightning.curation.reasons import REASONS
from seismic_lightning.curation.settings import UNITS
from seismic_lightning.errors import DatasetError

SPLITS = ("train", "dev", "test")
"""SeisBench's words; ``dev`` is the validation split."""
P_STATUSES = ("manual", "automatic", "model")
"""Who found the P onset: an analyst, a picking program, or the travel-time model; null is unknown."""
TIME = "datetime64[ns, UTC]"
_LATITUDE = pa.Check.in_range(-90.0, 90.0)
_LONGITUDE = pa.Check.in_range(-180.0, 360.0)
_NOT_NEGATIVE = pa.Check.ge(0.0)
_SHARE = pa.Check.in_range(0.0, 1.0)


def _component_columns() -> dict[str, pa.Column]:
    """Declare the measures of each component; they are null where a dataset has no such component."""
    columns: dict[str, pa.Column] = {}
    for component in COMPONENTS:
        columns[f"trace_{component}_snr"] = pa.Column("float64", _NOT_NEGATIVE, nullable=True)
        columns[f"trace_{component}_snr_legacy"] = pa.Column("float64", _NOT_NEGATIVE, nullable=True)
        columns[f"trace_{component}_gap"] = pa.Column("float64", _SHARE, nullable=True)
        columns[f"trace_{component}_gap_legacy"] = pa.Column("float64", _NOT_NEGATIVE, nullable=True)
        columns[f"trace_{component}_gap_intervals"] = pa.Column("str", nullable=True)
        columns[f"trace_{component}_flat_s"] = pa.Column("float64", _NOT_NEGATIVE, nullable=True)
        columns[f"trace_{component}_clipped_s"] = pa.Column("float64", _NOT_NEGATIVE, nullable=True)
        columns[f"trace_{component}_start_remainder_s"] = pa.Column("float64", nullable=True)
        columns[f"trace_{component}_response"] = pa.Column("Int64", _NOT_NEGATIVE, nullable=True)
    return columns


METADATA = pa.DataFrameSchema(
    {
        "source_id": pa.Column("str", pa.Check.str_length(min_value=1)),
        "source_origin_time": pa.Column(TIME),
        "source_latitude_deg": pa.Column("float64", _LATITUDE),
        "source_longitude_deg": pa.Column("float64", _LONGITUDE),
        "source_depth_km": pa.Column("float64", nullable=True),
        "source_magnitude": pa.Column("float64"),
        "source_magnitude_type": pa.Column("str", nullable=True),
        "station_network_code": pa.Column("str"),
        "station_code": pa.Column("str", pa.Check.str_length(min_value=1)),
        "station_location_code": pa.Column("str"),
        "station_latitude_deg": pa.Column("float64", _LATITUDE),
        "station_longitude_deg": pa.Column("float64", _LONGITUDE),
        "station_elevation_m": pa.Column("float64", nullable=True),
        "trace_channel": pa.Column("str", pa.Check.str_length(2, 2)),
        "trace_sampling_rate_hz": pa.Column("float64", pa.Check.gt(0.0)),
        "trace_npts": pa.Column("int64", pa.Check.gt(1)),
        "trace_start_time": pa.Column(TIME),
        "trace_p_arrival_sample": pa.Column("float64", _NOT_NEGATIVE),
        "trace_p_status": pa.Column("str", pa.Check.isin(P_STATUSES), nullable=True),
        "trace_s_arrival_sample": pa.Column("float64", nullable=True),
        **_component_columns(),
        "trace_components": pa.Column("str", pa.Check.str_length(min_value=1)),
        "trace_unit": pa.Column("str", pa.Check.isin(UNITS)),
        "trace_sensitivity_counts_per_mps": pa.Column("float64", nullable=True),
        "trace_sensitivity_counts_per_mps2": pa.Column("float64", nullable=True),
        "path_ep_distance_km": pa.Column("float64", _NOT_NEGATIVE),
        "path_hyp_distance_km": pa.Column("float64", _NOT_NEGATIVE, nullable=True),
        "path_back_azimuth_deg": pa.Column("float64", pa.Check.in_range(0.0, 360.0)),
        "trace_file": pa.Column("str"),
        "shard": pa.Column("str"),
        "row": pa.Column("int64", _NOT_NEGATIVE),
        "split": pa.Column("str", pa.Check.isin(SPLITS)),
    },
    index=pa.Index("int64"),
    strict=True,
    ordered=True,
)
"""One row per record of a dataset."""

MEASURED = METADATA.remove_columns(["split"])
"""The same before the events are split."""

REJECTIONS = pa.DataFrameSchema(
    {
        "path": pa.Column("str", nullable=True),
        "event": pa.Column("str", nullable=True),
        "station": pa.Column("str", nullable=True),
        "family": pa.Column("str", nullable=True),
        "reason": pa.Column("str", pa.Check.isin(tuple(REASONS))),
        "detail": pa.Column("str"),
    },
    index=pa.Index("int64"),
    strict=True,
    ordered=True,
)
"""One row per file or pick that did not become a record."""

QUALITY = pa.DataFrameSchema(
    {
        "event": pa.Column("str"),
        "magnitude": pa.Column("float64"),
        **{f"snr{number}": pa.Column("float64", nullable=True) for number in (1, 2, 3)},
        **{f"gap{number}": pa.Column("float64", nullable=True) for number in (1, 2, 3)},
        "path": pa.Column("str"),
    },
    index=pa.Index("int64"),
    strict=True,
    ordered=True,
)
"""One row per measured file, selected or not, as the original practice kept them."""


RESPONSES = pa.DataFrameSchema(
    {
        "seed_id": pa.Column("str", pa.Check.str_length(min_value=1)),
        "start_time": pa.Column(TIME, nullable=True),
        "sampling_rate_hz": pa.Column("float64", pa.Check.gt(0.0)),
        "sensitivity": pa.Column("float64", nullable=True),
        "sensitivity_unit": pa.Column("str", pa.Check.isin(UNITS[1:]), nullable=True),
        "curve": pa.Column("Int64", _NOT_NEGATIVE, nullable=True),
        "remark": pa.Column("str", nullable=True),
    },
    index=pa.Index("int64"),
    strict=True,
    ordered=True,
)
"""One row per channel epoch and sampling rate: counts per unit of ground motion, and which curve holds its
response; ``remark`` says why there is none, or what is doubtful about it."""


def to_table(rows: list[dict[str, Any]], schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Give rows the types that a schema declares.

    Args:
        rows: Values by column; times in nanoseconds since 1970, None for unknown.
        schema: Schema of the table.

    Returns:
        Checked table with a plain index.

    Raises:
        DatasetError: A value breaks the schema.
    """
    raw = pd.DataFrame(rows, columns=list(schema.columns))
    columns = {}
    for name, column in schema.columns.items():
        dtype = str(column.dtype)
        columns[name] = (
            pd.to_datetime(raw[name], unit="ns", utc=True).astype(dtype)
            if dtype == TIME
            else raw[name].astype(dtype)
        )
    return check_table(pd.DataFrame(columns), schema, "the table to be written")


def check_table(table: pd.DataFrame, schema: pa.DataFrameSchema, name: str) -> pd.DataFrame:
    """Check a table against its schema.

    Args:
        table: Table to check.
        schema: Schema it must keep.
        name: What to call the table in an error.

    Returns:
        The same table.

    Raises:
        DatasetError: Names the first column, check and value that break the schema.
    """
    try:
        return schema.validate(table, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        first = cases.iloc[0]
        message = (
            f"{name} breaks its schema in {len(cases)} places, first: column {first['column']}, "
            f"check {first['check']}, value {first['failure_case']!r}. Curate again with overwrite=true."
        )
        raise DatasetError(message) from error


def read_table(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Read and check a Parquet table.

    Args:
        path: Parquet file.
        schema: Schema it must keep.

    Returns:
        The table.

    Raises:
        DatasetError: The file cannot be read, or breaks the schema.
    """
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read ({error}). Curate again with overwrite=true."
        raise DatasetError(message) from error
    return check_table(table, schema, str(path))


def parse_intervals(text: str) -> list[tuple[int, int]]:
    """Read the gaps of one component.

    Example:
        >>> parse_intervals("[[0, 12], [500, 510]]")
        [(0, 12), (500, 510)]
    """
    return [(int(start), int(stop)) for start, stop in json.loads(text)]
