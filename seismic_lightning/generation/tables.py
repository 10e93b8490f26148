"""Catalogue and station metadata of generated records, which say of themselves that they are synthetic."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from seismic_lightning.codes import NANOSECONDS_PER_S
from seismic_lightning.records.catalogue import Catalogue, Event, Pick
from seismic_lightning.records.quakeml import Provenance, quakeml_bytes
from seismic_lightning.records.station_writer import (
    ChannelEntry,
    StationEntry,
    flat_response,
    stationxml_bytes,
)
from seismic_lightning.records.travel_time import phase_label

AUTHORITY = "smi:local/synthetic"
"""Beginning of all resource identifiers."""
COMMENT = "Synthetic: made by a generative model of seismic_lightning. This was never recorded."
SENSITIVITY_HZ = 5.0
"""Frequency for which sensitivities are stated: within every passband of training."""
_STATION = ["station_network_code", "station_code"]


def catalogue_bytes(records: pd.DataFrame) -> bytes:
    """Return the sources of records and their theoretical picks as QuakeML.

    Args:
        records: One row per record.
    """
    events = {
        str(row["source_id"]): Event(
            str(row["source_id"]),
            None if pd.isna(row["source_origin_time"]) else int(row["source_origin_time"].value),
            _known(row["source_latitude_deg"]),
            _known(row["source_longitude_deg"]),
            _known(row["source_depth_km"]),
            _known(row["source_magnitude"]),
            None,
        )
        for row in records.drop_duplicates("source_id").to_dict("records")
    }
    once = records.drop_duplicates(["source_id", *_STATION, "trace_channel"])
    picks = [pick for row in once.to_dict("records") for pick in _picks(row)]
    return quakeml_bytes(Catalogue(events, picks), Provenance(AUTHORITY, "automatic", COMMENT))


def station_bytes(records: pd.DataFrame) -> bytes | None:
    """Return the stations of records as StationXML, or None where no record has a place.

    Args:
        records: One row per record.
    """
    placed = records[records["station_latitude_deg"].notna()]
    if placed.empty:
        return None
    entries = []
    for (network, code), rows in placed.groupby(_STATION, sort=True):
        first = rows.iloc[0]
        elevation_m = _known(first["station_elevation_m"])
        entries.append(
            StationEntry(
                str(network),
                str(code),
                "synthetic" if elevation_m is not None else "synthetic; elevation unknown, written as 0",
                float(first["station_latitude_deg"]),
                float(first["station_longitude_deg"]),
                elevation_m or 0.0,
                None,
                [channel for _, row in _channels(rows).iterrows() for channel in _described(row)],
            )
        )
    created_ns = int(placed["trace_start_time"].min().value)
    return stationxml_bytes(
        entries,
        source="seismic_lightning, synthetic records",
        created_ns=created_ns,
        comment=COMMENT,
        authority=AUTHORITY,
    )


def _picks(row: Mapping[Any, Any]) -> list[Pick]:
    """Return P and, where the place is known, S of one record."""
    start_ns = int(row["trace_start_time"].value)
    distance_km = float(row["path_ep_distance_km"])
    label = "P" if pd.isna(distance_km) else phase_label(distance_km)
    components = str(row["trace_components"])
    arrivals = {label: ("trace_p_arrival_sample", components[0])}
    if not pd.isna(row["trace_s_arrival_sample"]):
        arrivals[label.replace("P", "S")] = ("trace_s_arrival_sample", components[-1])
    return [
        Pick(
            str(row["source_id"]),
            str(row["station_network_code"]),
            str(row["station_code"]),
            str(row["station_location_code"]),
            f"{row['trace_channel']}{component}",
            phase,
            start_ns + round(_seconds(row, column) * NANOSECONDS_PER_S),
            "automatic",
        )
        for phase, (column, component) in arrivals.items()
    ]


def _seconds(row: Mapping[Any, Any], column: str) -> float:
    return float(row[column]) / float(row["trace_sampling_rate_hz"])


def _channels(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each channel family of a station."""
    return rows.drop_duplicates(["trace_channel", "station_location_code"])


def _described(row: "pd.Series[Any]") -> list[ChannelEntry]:
    """Describe all components of a record; samples in ground motion have a sensitivity of 1."""
    unit, response = str(row["trace_unit"]), None
    if unit != "counts":
        response = flat_response(1.0, unit, unit, SENSITIVITY_HZ)
    for motion in ("mps", "mps2"):
        value = _known(row[f"trace_sensitivity_counts_per_{motion}"])
        if unit == "counts" and value is not None:
            response = flat_response(value, motion, unit, SENSITIVITY_HZ)
    return [
        ChannelEntry(
            f"{row['trace_channel']}{component}",
            str(row["station_location_code"]),
            float(row["trace_sampling_rate_hz"]),
            response,
        )
        for component in str(row["trace_components"])
    ]


def _known(value: Any) -> float | None:  # noqa: ANN401 - a cell of a table
    return None if pd.isna(value) else float(value)
