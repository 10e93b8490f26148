"""Two hours of Kandilli's continuous data with its own bulletin, and continuous files that break readers."""

import os
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from seismic_lightning.codes import SeedId
from seismic_lightning.curation.build import curate
from seismic_lightning.curation.continuous import cut_by_picks
from seismic_lightning.curation.layout import ArchiveParts, Places
from seismic_lightning.curation.reasons import REASONS
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.curation.task import outcome_of
from seismic_lightning.errors import DatasetError, WaveformError
from seismic_lightning.records.bulletin import read_bulletin
from seismic_lightning.records.catalogue import Catalogue, Event, Pick
from seismic_lightning.records.inventory import Epoch, Inventory
from seismic_lightning.records.spans import scan

REAL = Path(os.environ.get("SEISMIC_REAL_DATA", "absent"))
pytestmark = pytest.mark.skipif(
    not REAL.is_dir(), reason="SEISMIC_REAL_DATA is not set: no real continuous files to curate"
)
GEMLIK = REAL / "gemlik_2023"
BULLETIN = GEMLIK / "bulletin_20231204.txt"
PLACES = Places(GEMLIK, bulletins=BULLETIN, stations=GEMLIK / "stations.txt", layout="continuous")
WHOLE = CurationSettings(components="Z", select=SelectionSettings(min_snr=0.0))


def test_every_pick_of_the_day_is_cut_out_or_has_its_reason(tmp_path: Path) -> None:
    summary = curate(PLACES, tmp_path / "dataset", WHOLE)
    assert (summary.candidates, summary.accepted, summary.rejected) == (90, 88, {"flat": 2})
    metadata = open_dataset(tmp_path / "dataset").metadata
    assert metadata["source_id"].nunique() == 8
    assert set(metadata["trace_p_status"]) == {"manual"}
    assert metadata["trace_s_arrival_sample"].notna().sum() == 6
    assert (metadata["trace_Z_gap"] == 0.0).all()
    picks = read_bulletin(BULLETIN).catalogue().picks
    phases = {(pick.event_id, pick.station, round(pick.time_ns, -7)): pick.phase for pick in picks}
    p_ns = metadata["trace_start_time"].astype("int64") + (
        metadata["trace_p_arrival_sample"] / metadata["trace_sampling_rate_hz"] * 1e9
    ).round(-7).astype("int64")
    keys = zip(metadata["source_id"], metadata["station_code"], p_ns, strict=True)
    found = Counter(phases[event, station, round(time_ns, -7)] for event, station, time_ns in keys)
    assert found == {"Pg": 74, "Pn": 14}
    table = pd.read_parquet(tmp_path / "dataset" / "rejections.parquet")
    details = table[table["reason"] == "flat"].set_index("path")["detail"]
    held_s = {str(name).split("/")[-1].split("_")[0]: detail for name, detail in details.items()}
    assert held_s == {"YLV": "seconds of one value Z 6.00", "LAP": "seconds of one value Z 5.00"}
    assert summary.apart == {"no_file": 975, "no_pick": 4, "outside_data": 833}
    assert table["event"].notna().sum() + 88 + 6 == len(picks) == 1904


def test_telemetry_that_repeats_itself_leaves_no_noise_to_compare_with(tmp_path: Path) -> None:
    select = SelectionSettings(min_snr=0.0, max_flat_s=None)
    summary = curate(PLACES, tmp_path / "dataset", replace(WHOLE, select=select))
    assert (summary.accepted, summary.rejected) == (88, {"no_snr": 2})


def test_three_component_curation_says_by_record_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"none of 90 .*90 x missing_component.*N, E.*components=Z"):
        curate(PLACES, tmp_path / "dataset", CurationSettings())


def invented(*files: Path) -> tuple[ArchiveParts, Catalogue, Inventory]:
    """Invent an event for each sensor of each file, with P in the middle of its first samples."""
    events, picks, epochs = {}, [], []
    for path in files:
        try:
            extents = scan(path).extents
        except WaveformError:
            continue
        for extent in {extent.seed_id[:3]: extent for extent in reversed(extents)}.values():
            network, station, location, _ = extent.seed_id
            name, p_ns = f"{path.name}.{station}", (extent.start_ns + extent.end_ns) // 2
            events[name] = Event(name, p_ns - 5_000_000_000, 40.5, 29.0, 10.0, 3.0, "ML")
            picks.append(Pick(name, network, station, location, "", "P", p_ns, "manual"))
            place = SeedId(network, station, "", "")
            epochs.append(Epoch(place, None, None, 40.4, 29.1, 0.0, None, None, None, None))
    parts = ArchiveParts(files[0].parent, "continuous", None, (), (), files, ())
    return parts, Catalogue(events, picks), Inventory(epochs)


def outcomes_of(*files: Path) -> dict[str, set[str]]:
    """Return what becomes of each file: ``record``, or reasons."""
    parts, catalogue, inventory = invented(*files)
    window = WindowSettings(before_p_s=2.0, length_s=4.0)
    candidates, rows = cut_by_picks(parts, catalogue, window)
    settings = CurationSettings("as_is", window, SelectionSettings(min_snr=0.0, max_gap=1.0))
    outcomes = [outcome_of(candidate, parts.root, inventory, settings) for candidate in candidates]
    found: dict[str, set[str]] = {}
    for row in rows:
        if row["path"]:
            reason = row["detail"].split(":")[0] if row["reason"] == "bad_file" else row["reason"]
            found.setdefault(row["path"], set()).add(reason)
    for candidate, outcome in zip(candidates, outcomes, strict=True):
        for file in candidate.file.split("; "):
            reason = "record" if outcome.refused is None else outcome.refused.reason
            found.setdefault(file, set()).add(reason)
    return found


@pytest.mark.parametrize("name", ["miniseed_encodings", "miniseed3", "derived_from_real", "gaps_overlaps"])
def test_hard_files_end_as_records_or_by_name(name: str) -> None:
    files = sorted((REAL / "hard" / name).iterdir())
    alone: dict[str, set[str]] = {}
    for path in files:
        started = time.perf_counter()
        alone |= outcomes_of(path)
        assert time.perf_counter() - started < 5.0, path
    together = outcomes_of(*files)
    assert set(alone) == set(together) == {path.name for path in files}
    assert set().union(*alone.values(), *together.values()) <= {"record", *REASONS}
    assert any("record" in found for found in alone.values())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("derived_from_real/ceyt_ok.mseed", "record"),
        ("derived_from_real/ceyt_zero_length.mseed", "empty_file"),
        ("derived_from_real/ceyt_mixed_rate.mseed", "mixed_rates"),
        ("derived_from_real/ceyt_constant_component.mseed", "dead_component"),
        ("miniseed_encodings/text-encoded.mseed", "no_samples"),
        ("miniseed_encodings/detection.record.mseed", "no_samples"),
        ("miniseed_encodings/int32_Steim2_bigEndian.mseed", "no_snr"),
        ("miniseed3/reference-testdata-flushidle.mseed3", "record"),
        ("miniseed3/reference-testdata-headeronly.mseed3", "no_samples"),
    ],
)
def test_a_hard_file_ends_as_it_should(name: str, expected: str) -> None:
    path = REAL / "hard" / name
    assert outcomes_of(path) == {path.name: {expected}}
