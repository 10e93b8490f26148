"""The metadata of exported records as CSV, exact to the last digit and the nanosecond."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from seismic_lightning.curation.schema import parse_intervals
from seismic_lightning.export.form import Content
from seismic_lightning.records.waveform import gap_intervals

METADATA_CSV = "metadata.csv"
_OF_THE_DATASET = ("shard", "row")
"""Columns that mean something within our own dataset only."""
_ARRIVALS = ("trace_p_arrival_sample", "trace_s_arrival_sample")


def leaving(content: Content) -> pd.DataFrame:
    """Describe records as they leave: without places in shards, and in samples of their new rate.

    Args:
        content: What there is to write.

    Returns:
        One row per record to write, in the format's order, with the dataset's index.
    """
    kept = content.metadata.iloc[content.rows]
    inner = [name for name in map(str, kept) if name in _OF_THE_DATASET or name.endswith("_response")]
    kept = kept.drop(columns=inner).assign(trace_unit=content.unit)
    native_hz = kept["trace_sampling_rate_hz"]
    target_hz = native_hz.map(content.signals.rate_hz)
    changed = kept.index[native_hz != target_hz]
    if len(changed):
        kept = kept.copy()
        for arrival in _ARRIVALS:
            kept[arrival] *= target_hz / native_hz
        for row in changed:
            kept.loc[row, "trace_npts"] = content.signals.n_samples(int(row))
            for component in content.components:
                column = f"trace_{component}_gap_intervals"
                absent = content.signals.missing_after(int(row), parse_intervals(kept.loc[row, column]))
                kept.loc[row, column] = json.dumps(gap_intervals(absent))
        kept["trace_sampling_rate_hz"] = target_hz
    return kept


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table; unknown values are empty fields, times ISO 8601 in UTC with nine decimals.

    Args:
        path: File to write.
        table: One row per record.
    """
    columns = {name: _as_text(table[name]) for name in table}
    pd.DataFrame(columns).to_csv(path, index=False)


def _as_text(column: "pd.Series[Any]") -> "pd.Series[Any]":
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        return column
    times = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[ns]")
    known = ~np.isnat(times)
    text = np.full(len(times), "", dtype=object)
    text[known] = np.char.add(np.datetime_as_string(times[known], unit="ns"), "Z")
    return pd.Series(text, index=column.index)
