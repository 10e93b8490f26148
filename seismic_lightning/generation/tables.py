"""Catalogue and station metadata of generated records, which say of themselves that they are synthetic."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

import seismic_lightning
from seismic_lightning.codes import NANOSECONDS_PER_S
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.records.catalogue import UNSTATED, Catalogue, Event, Pick
from seismic_lightning.records.quakeml import Provenance, quakeml_bytes
from seismic_lightning.records.station_writer import (
    ChannelEntry,
    StationEntry,
    flat_response,
    stationxml_bytes,
)
from seismic_lightning.records.travel_time import phase_label

AUTHORITY = "smi:local/synthetic"
"""Beginning of all resource identifiers; what tells one making of records from another follows."""
COMMENT = "Synthetic: made by a generative model of seismic_lightning. This was never recorded."
DESCRIPTION = "synthetic earthquake"
AGENCY = "seismic_lightning"
AUTHOR = f"{AGENCY} {seismic_lightning.__version__}"
_STATION = ["station_network_code", "station_code"]
_SENSOR = ["trace_channel", "station_location_code"]
_PLACE = ["station_latitude_deg", "station_longitude_deg", "station_elevation_m"]
_SENSITIVITIES = {unit: f"trace_sensitivity_counts_per_{unit}" for unit in ("mps", "mps2")}


class _Stretch(NamedTuple):
    """Records between two changes, and from when to when the first and last of their kind hold.

    Attributes:
        rows: One row per record.
        start_ns: First nanosecond since 1970 (UTC); None is open.
        end_ns: Last nanosecond; None is open.
    """

    rows: pd.DataFrame
    start_ns: int | None
    end_ns: int | None


def catalogue_bytes(records: pd.DataFrame, authority: str) -> bytes:
    """Return the sources of records and their theoretical picks as QuakeML.

    How picks were found is left unsaid, for they were not: they are what was asked for. Readers such as
    ``curate`` take them as they take an analyst's, and cut records where they begin.

    Args:
        records: One row per record.
        authority: Beginning of all resource identifiers.
    """
    events = {
        str(row["source_id"]): Event(
            str(row["source_id"]),
            None if pd.isna(row["source_origin_time"]) else int(row["source_origin_time"].value),
            _known(row["source_latitude_deg"]),
            _known(row["source_longitude_deg"]),
            _known(row["source_depth_km"]),
            _known(row["source_magnitude"]),
            None if pd.isna(row["source_magnitude_type"]) else str(row["source_magnitude_type"]),
        )
        for row in records.drop_duplicates("source_id").to_dict("records")
    }
    once = records.drop_duplicates(["source_id", *_STATION, "trace_channel"])
    picks = [pick for row in once.to_dict("records") for pick in _picks(row)]
    provenance = Provenance(authority, "automatic", COMMENT, DESCRIPTION, AGENCY, AUTHOR)
    return quakeml_bytes(Catalogue(events, picks), provenance)


def station_bytes(records: pd.DataFrame, authority: str, passing_hz: float) -> bytes | None:
    """Return the stations of records as StationXML, or None where no record has a place.

    A place or a sensitivity that changes from one record to a later one becomes an epoch of its own. The day
    of making, which the format asks for, is that of the first record: the same request makes the same file.

    Args:
        records: One row per record.
        authority: Beginning of all resource identifiers.
        passing_hz: Frequency for which sensitivities are stated.

    Raises:
        ConfigurationError: It changes within a record.
    """
    placed = records[records["station_latitude_deg"].notna()]
    if placed.empty:
        return None
    entries = [
        entry for _, rows in placed.groupby(_STATION, sort=True) for entry in _station(rows, passing_hz)
    ]
    created_ns = int(placed["trace_start_time"].min().value)
    return stationxml_bytes(
        entries,
        source=f"{AUTHOR}, synthetic records",
        created_ns=created_ns,
        comment=COMMENT,
        authority=authority,
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
            UNSTATED,
        )
        for phase, (column, component) in arrivals.items()
    ]


def _seconds(row: Mapping[Any, Any], column: str) -> float:
    return float(row[column]) / float(row["trace_sampling_rate_hz"])


def _station(rows: pd.DataFrame, passing_hz: float) -> list[StationEntry]:
    """Describe a station, once for each place in which its records have it."""
    entries = []
    for stretch in _stretches(rows, _PLACE, "places"):
        first = stretch.rows.iloc[0]
        elevation_m = _known(first["station_elevation_m"])
        entries.append(
            StationEntry(
                str(first["station_network_code"]),
                str(first["station_code"]),
                "synthetic" if elevation_m is not None else "synthetic; elevation unknown, written as 0",
                float(first["station_latitude_deg"]),
                float(first["station_longitude_deg"]),
                elevation_m or 0.0,
                stretch.start_ns,
                [
                    channel
                    for _, sensor in stretch.rows.groupby(_SENSOR, sort=False)
                    for epoch in _stretches(sensor, _stated_by(sensor), "sensitivities")
                    for channel in _channels(epoch, passing_hz)
                ],
                stretch.end_ns,
            )
        )
    return entries


def _stretches(rows: pd.DataFrame, columns: list[str], name: str) -> list[_Stretch]:
    """Cut the records of a station where some columns change from one to the next in time.

    Args:
        rows: One row per record.
        columns: What stays as it is in a stretch.
        name: What to call several of them.

    Raises:
        ConfigurationError: A record goes on while the next has other values: no epoch can tell both.
    """
    rows = rows.sort_values("trace_start_time", kind="stable")
    values = rows[columns]
    before = values.shift()
    same = ((values == before) | (values.isna() & before.isna())).all(axis=1)
    parts = [part for _, part in rows.groupby((~same).cumsum().to_numpy())]
    starts_ns = [int(part["trace_start_time"].iloc[0].value) // 1000 * 1000 for part in parts]
    ends_ns = [start_ns - 1000 for start_ns in starts_ns[1:]]  # StationXML has microseconds
    for part, end_ns in zip(parts, ends_ns, strict=False):
        last = part.iloc[-1]
        if int(last["trace_start_time"].value) + _duration_ns(last) > end_ns:
            raise ConfigurationError(
                f"station {last['station_network_code']}.{last['station_code']} {last['trace_channel']}: has "
                f"several {name} within one record, from {last['trace_start_time']:%Y-%m-%dT%H:%M:%S} on, "
                "which station metadata cannot tell; ask for other origin times, or put apart what differs"
            )
    return [
        _Stretch(*stretch) for stretch in zip(parts, [None, *starts_ns[1:]], [*ends_ns, None], strict=True)
    ]


def _duration_ns(row: "pd.Series[Any]") -> int:
    intervals = int(row["trace_npts"]) - 1
    return round(intervals / float(row["trace_sampling_rate_hz"]) * NANOSECONDS_PER_S)


def _stated_by(rows: pd.DataFrame) -> list[str]:
    """Return the columns of the sensitivity that is stated: samples in ground motion have one of 1."""
    return list(_SENSITIVITIES.values()) if rows["trace_unit"].iloc[0] == "counts" else []


def _channels(stretch: _Stretch, passing_hz: float) -> list[ChannelEntry]:
    """Describe all components of a sensor."""
    row = stretch.rows.iloc[0]
    unit, response = str(row["trace_unit"]), None
    if unit != "counts":
        response = flat_response(1.0, unit, unit, passing_hz)
    for motion, column in _SENSITIVITIES.items():
        value = _known(row[column])
        if unit == "counts" and value is not None:
            response = flat_response(value, motion, unit, passing_hz)
    return [
        ChannelEntry(
            f"{row['trace_channel']}{component}",
            str(row["station_location_code"]),
            float(row["trace_sampling_rate_hz"]),
            response,
            stretch.start_ns,
            stretch.end_ns,
        )
        for component in str(row["trace_components"])
    ]


def _known(value: Any) -> float | None:  # noqa: ANN401 - a cell of a table
    return None if pd.isna(value) else float(value)
