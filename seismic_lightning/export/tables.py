"""The metadata of exported records as CSV, exact to the last digit and the nanosecond."""

from pathlib import Path

import numpy as np
import pandas as pd

METADATA_CSV = "metadata.csv"
PLACES = ["shard", "row"]
"""Columns that mean something within our own dataset only."""


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table; unknown values are empty fields, times ISO 8601 in UTC with nine decimals.

    Args:
        path: File to write.
        table: One row per record.
    """
    columns = {name: _as_text(table[name]) for name in table}
    pd.DataFrame(columns).to_csv(path, index=False)


def _as_text(column: "pd.Series[object]") -> "pd.Series[object]":
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        return column
    times = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[ns]")
    known = ~np.isnat(times)
    text = np.full(len(times), "", dtype=object)
    text[known] = np.char.add(np.datetime_as_string(times[known], unit="ns"), "Z")
    return pd.Series(text, index=column.index)
