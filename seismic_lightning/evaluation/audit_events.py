"""Earthquakes that stand on both sides of a split, as the metadata tell it.

Records of one earthquake resemble each other, so a model that has met one of them has met them all. An
earthquake can cross a split under its own name, under two names that two sources gave it, or as a stretch of
recording that two windows share.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.evaluation.audit_findings import Finding

SAME_EVENT_S = 5.0
SAME_EVENT_DEG = 0.25
"""Origins nearer than this in time and on the sphere may be two solutions of one earthquake."""
SHOWN = 3
"""Examples that a finding names."""
_SENSOR = ["station_network_code", "station_code", "station_location_code", "trace_channel"]


def events_across_splits(metadata: pd.DataFrame) -> Finding:
    """Find events with records in more than one split.

    Args:
        metadata: One row per record of a dataset.
    """
    splits = metadata.groupby("source_id")["split"].nunique()
    shared = [str(event) for event in splits.index[splits > 1]]
    if not shared:
        found = f"{len(splits)} events, each in one split"
        return Finding("events across splits", found, "ok")
    n_records = int(metadata["source_id"].isin(shared).sum())
    return Finding(
        "events across splits",
        f"{len(shared)} of {len(splits)} events have records in several splits, {n_records} records in all: "
        f"{_examples(shared)}",
        "error",
        "curate again, or read the dataset in SeisBench's format again: both keep an event in one split",
    )


def events_under_two_ids(metadata: pd.DataFrame) -> Finding:
    """Find events of different ids whose origins agree in time and place.

    Args:
        metadata: One row per record of a dataset.
    """
    what = "same event under two ids"
    events = metadata.drop_duplicates(["source_id", "split"]).sort_values("source_origin_time")
    pairs = [pair for pair in _near_origins(events) if pair[0]["source_id"] != pair[1]["source_id"]]
    across = [pair for pair in pairs if pair[0]["split"] != pair[1]["split"]]
    within = len(pairs) - len(across)
    limits = f"{SAME_EVENT_S:g} s and {SAME_EVENT_DEG:g} degrees"
    if not across:
        beside = f"; {within} pairs within one split" if within else ""
        return Finding(what, f"no two origins within {limits} in different splits{beside}", "ok")
    names = [f"{first['source_id']} and {second['source_id']}" for first, second in across]
    return Finding(
        what,
        f"{len(across)} pairs of origins within {limits} in different splits: {_examples(names)}",
        "error",
        "remove one event of each pair from the archive's catalogue and curate again",
    )


def shared_recordings(metadata: pd.DataFrame) -> Finding:
    """Find windows of one sensor that overlap in time although they are in different splits.

    In a swarm or an aftershock sequence the next earthquake comes before the window ends.

    Args:
        metadata: One row per record of a dataset.
    """
    what = "shared recordings"
    overlap_s, names = _overlaps(metadata)
    if not len(overlap_s):
        return Finding(what, "no windows of one sensor overlap across splits", "ok")
    return Finding(
        what,
        f"{len(overlap_s)} pairs of windows of one sensor in different splits overlap, by up to "
        f"{overlap_s.max():.1f} s, median {np.median(overlap_s):.1f} s: {_examples(names)}",
        "warning",
        "curate with shorter windows (window=short), or leave sequences out of the catalogue",
    )


def _near_origins(events: pd.DataFrame) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield pairs of rows, ascending in time, whose origins are near each other."""
    time_s = events["source_origin_time"].to_numpy("datetime64[ns]").astype(np.int64) / 1e9
    latitude_deg = events["source_latitude_deg"].to_numpy(dtype=float)
    longitude_deg = events["source_longitude_deg"].to_numpy(dtype=float)
    rows = events[["source_id", "split"]].to_dict("records")
    for step in range(1, len(events)):
        first = np.flatnonzero(time_s[step:] - time_s[:-step] <= SAME_EVENT_S)
        if not len(first):
            return
        place = np.radians([latitude_deg, longitude_deg])
        apart_deg = _apart_deg(place[:, first], place[:, first + step])
        for row in first[apart_deg <= SAME_EVENT_DEG]:
            yield {str(k): v for k, v in rows[row].items()}, {str(k): v for k, v in rows[row + step].items()}


def _apart_deg(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the angles between places ``(2, n)`` of latitude and longitude in radians."""
    half = np.sin((second - first) / 2.0) ** 2
    chord = half[0] + np.cos(first[0]) * np.cos(second[0]) * half[1]
    return np.asarray(np.degrees(2.0 * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))))


def _overlaps(metadata: pd.DataFrame) -> tuple[NDArray[np.float64], list[str]]:
    """Return seconds and names of the overlaps of windows across splits, sensor by sensor."""
    start_s = metadata["trace_start_time"].to_numpy("datetime64[ns]").astype(np.int64) / 1e9
    length_s = (metadata["trace_npts"].to_numpy() - 1) / metadata["trace_sampling_rate_hz"].to_numpy()
    split, event = metadata["split"].to_numpy(), metadata["source_id"].to_numpy()
    overlaps_s, names = [], []
    for sensor, places in metadata.groupby(_SENSOR, sort=True).indices.items():
        rows = np.asarray(places)[np.argsort(start_s[places], kind="stable")]
        for step in range(1, len(rows)):
            first, second = rows[:-step], rows[step:]
            shared_s = start_s[first] + length_s[first] - start_s[second]
            if not (shared_s > 0.0).any():
                break
            for pair in np.flatnonzero((shared_s > 0.0) & (split[first] != split[second])):
                overlaps_s.append(float(shared_s[pair]))
                code = ".".join(str(part) for part in sensor[:2])  # type: ignore[index] # a tuple of codes
                names.append(f"{code} of {event[first[pair]]} and {event[second[pair]]}")
    return np.asarray(overlaps_s), names


def _examples(names: list[str]) -> str:
    """Name the first few."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
