"""Which sensitivity or response each record needs for the units that are asked for, and what unit that gives.

A dataset tells for each component which row of its table of instruments it was recorded with. A record
without what the units need is never left out in silence: the whole dataset is refused, with the number of
such records and their stations.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from seismic_lightning.curation.responses import NO_STAGES, Responses
from seismic_lightning.curation.store import CuratedDataset
from seismic_lightning.data.condition import station_names
from seismic_lightning.errors import DatasetError
from seismic_lightning.transforms.response import Instruments

_SHOWN_STATIONS = 5


class GroundMotion(NamedTuple):
    """How the records of a dataset become what the units ask for.

    Attributes:
        unit: ``counts``, ``mps`` or ``mps2`` after preprocessing.
        instruments: Sensitivities and responses, None where samples stay as they are stored.
        instrument: ``(len(dataset), C)`` int64 place of each component's sensitivity or response.
    """

    unit: str
    instruments: Instruments | None
    instrument: Tensor


def ground_motion(dataset: CuratedDataset, units: str) -> GroundMotion:
    """Find the instruments of all records.

    Args:
        dataset: The curated dataset.
        units: ``counts``, ``sensitivity`` or ``velocity``.

    Returns:
        Instruments and resulting unit.

    Raises:
        DatasetError: Records lack what the units need; or they would be in m/s beside others in m/s^2.
    """
    as_stored = torch.zeros(len(dataset), len(dataset.components), dtype=torch.int64)
    if units == "counts":
        return GroundMotion(dataset.unit, None, as_stored)
    if dataset.unit != "counts":
        if units == "velocity":
            raise DatasetError(
                f"preprocess.units=velocity removes responses from counts; {dataset.root} is in "
                f"{dataset.unit} already: use preprocess.units=sensitivity, which leaves it so."
            )
        return GroundMotion(dataset.unit, _unity(), as_stored)
    responses = dataset.responses()
    table = responses.table
    row = instrument_rows(dataset)
    if units == "velocity":
        curve = _known(dataset, row, table["curve"].astype("float64"), table["remark"], units)
        place = torch.from_numpy(curve.astype(np.int64))
        return GroundMotion("mps", _instruments(responses), place)
    _known(dataset, row, table["sensitivity"].replace(0.0, np.nan), table["remark"], units)
    unit = _single_unit(dataset, table["sensitivity_unit"].to_numpy(dtype=object)[row])
    return GroundMotion(unit, _instruments(responses), torch.from_numpy(row))


def _unity() -> Instruments:
    """Return the one sensitivity of samples that are ground motion already."""
    return Instruments(np.ones(1), np.empty((0, 2)), np.empty((0, 2), dtype=np.complex128))


def _instruments(responses: Responses) -> Instruments:
    sensitivity = responses.table["sensitivity"].to_numpy(dtype=np.float64)
    return Instruments(sensitivity, responses.frequency_hz, responses.counts_per_mps)


def instrument_rows(dataset: CuratedDataset) -> NDArray[np.int64]:
    """Return which row of its table of instruments each component of a dataset was recorded with.

    A component without any sample has no instrument; it takes that of another, which turns its zeros into
    zeros.

    Args:
        dataset: The curated dataset.

    Returns:
        ``(n, C)`` rows, -1 for unknown.
    """
    metadata = dataset.metadata
    row = np.stack(
        [
            metadata[f"trace_{component}_response"].fillna(-1).to_numpy(dtype=np.int64)
            for component in dataset.components
        ],
        axis=1,
    )
    absent = np.stack([metadata[f"trace_{component}_gap"] == 1.0 for component in dataset.components], axis=1)
    return np.where(absent, row.max(axis=1, keepdims=True), row)


def _known(
    dataset: CuratedDataset,
    row: NDArray[np.int64],
    column: "pd.Series[float]",
    remark: "pd.Series[str]",
    units: str,
) -> NDArray[np.float64]:
    """Look a column of the table up for all components, and refuse the dataset where it is unknown."""
    values = np.append(column.to_numpy(dtype=np.float64, na_value=np.nan), np.nan)[row]
    lacking = np.isnan(values)
    if not lacking.any():
        return values
    record = int(np.flatnonzero(lacking.any(axis=1))[0])
    first = int(row[record][lacking[record]][0])
    reason = "its channel is not in the station metadata"
    if first >= 0:
        unsaid = NO_STAGES if units == "velocity" else "no sensitivity in the station metadata"
        told = remark.iloc[first]
        reason = unsaid if pd.isna(told) or told == NO_STAGES else str(told)
    what = (
        ("an instrument response", "responses") if units == "velocity" else ("a sensitivity", "sensitivities")
    )
    raise DatasetError(
        f"preprocess.units={units}: {_records_and_stations(dataset, lacking.any(axis=1))} lack {what[0]} "
        f"({station_names(dataset.metadata)[record]}: {reason}). Use preprocess.units=counts, or give the "
        f"archive a stations.xml with {what[1]} and curate again."
    )


def _records_and_stations(dataset: CuratedDataset, chosen: NDArray[np.bool_]) -> str:
    """Say how many records of a dataset are meant, and of which stations."""
    names = station_names(dataset.metadata)
    stations = sorted({names[record] for record in np.flatnonzero(chosen)})
    shown = ", ".join(stations[:_SHOWN_STATIONS])
    more = f" and {len(stations) - _SHOWN_STATIONS} more" if len(stations) > _SHOWN_STATIONS else ""
    return f"{chosen.sum()} of {len(dataset)} records of {dataset.root} (stations {shown}{more})"


def _single_unit(dataset: CuratedDataset, units: NDArray[np.object_]) -> str:
    """Return the unit that all components share, or refuse velocity beside acceleration."""
    found = sorted(set(units.ravel().tolist()))
    if len(found) == 1:
        return str(found[0])
    families = dataset.metadata["trace_channel"].astype(str)
    parts = []
    for unit in found:
        records = (units == unit).any(axis=1)
        names = ", ".join(sorted(set(families[records])))
        parts.append(f"{records.sum()} records of {names} in {'m/s' if unit == 'mps' else 'm/s²'}")
    raise DatasetError(
        f"preprocess.units=sensitivity would mix quantities in {dataset.root}: {' beside '.join(parts)}. Use "
        "preprocess.units=velocity, which turns all into m/s, or curate with one of them in select.families."
    )
