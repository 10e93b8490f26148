"""A planted leak between splits is found under its name, and a sound dataset has none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import signal
from support.leaks import leaky, one_of_each, samples_of
from support.signals import option

from seismic_lightning.curation.seisbench import import_seisbench
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import CuratedDataset, open_dataset
from seismic_lightning.evaluation.audit_duplicates import copied_waveforms, near_copies
from seismic_lightning.evaluation.audit_events import (
    events_across_splits,
    events_under_two_ids,
    shared_recordings,
)
from seismic_lightning.evaluation.audit_findings import Finding, findings_table
from seismic_lightning.evaluation.audit_onsets import onset_places
from seismic_lightning.evaluation.fingerprints import common_band, compare, fingerprints
from seismic_lightning.export.seisbench import SeisBenchForm
from seismic_lightning.export.write import Choice, export_dataset

Waveform = NDArray[Any]
SHIFT_S = 2.0


def checked(dataset: CuratedDataset) -> dict[str, Finding]:
    prints = fingerprints(dataset)
    findings = [
        events_across_splits(dataset.metadata),
        events_under_two_ids(dataset.metadata),
        shared_recordings(dataset.metadata),
        copied_waveforms(dataset, prints),
        near_copies(dataset, prints),
    ]
    return {finding.what: finding for finding in findings}


def wrong(dataset: CuratedDataset) -> set[str]:
    return {name for name, finding in checked(dataset).items() if finding.verdict != "ok"}


def test_a_sound_dataset_has_no_leak(dataset_dir: Path) -> None:
    dataset = open_dataset(dataset_dir)
    assert wrong(dataset) == set()
    n_pairs = sum(
        (dataset.metadata["split"] == one).sum() * (dataset.metadata["split"] == other).sum()
        for one, other in (("train", "dev"), ("train", "test"), ("dev", "test"))
    )
    assert f"of {n_pairs} pairs" in checked(dataset)["near copies"].found


def test_an_event_in_two_splits_is_found(dataset_dir: Path, tmp_path: Path) -> None:
    event = open_dataset(dataset_dir).metadata["source_id"].mode()[0]

    def edit(table: pd.DataFrame) -> None:
        rows = table.index[table["source_id"] == event]
        table.loc[rows, "split"] = ["test", *["train"] * (len(rows) - 1)]

    finding = checked(leaky(dataset_dir, tmp_path / "leak", edit))["events across splits"]
    assert finding.verdict == "error"
    assert event in finding.found
    assert "curate again" in finding.remedy


def test_a_split_of_a_seisbench_source_that_leaks_never_arrives(dataset_dir: Path, tmp_path: Path) -> None:
    export_dataset(dataset_dir, tmp_path / "bench", SeisBenchForm(), Choice(option("none")))
    table = pd.read_csv(tmp_path / "bench" / "metadata.csv", dtype=str)
    table["split"] = np.resize(["train", "dev", "test"], len(table))
    table.to_csv(tmp_path / "bench" / "metadata.csv", index=False)
    settings = CurationSettings(window=WindowSettings(length_s=20.0), select=SelectionSettings(min_snr=0.0))
    import_seisbench(tmp_path / "bench", tmp_path / "dataset", settings)
    finding = events_across_splits(open_dataset(tmp_path / "dataset").metadata)
    assert finding.verdict == "ok"


def test_an_event_under_two_ids_is_found_across_splits_alone(dataset_dir: Path, tmp_path: Path) -> None:
    dataset = open_dataset(dataset_dir)
    first, second = one_of_each(dataset)

    def edit(table: pd.DataFrame) -> None:
        origin = table.loc[first]
        rows = table["source_id"] == table["source_id"][second]
        table.loc[rows, "source_origin_time"] = origin["source_origin_time"] + pd.Timedelta(seconds=4)
        table.loc[rows, "source_latitude_deg"] = origin["source_latitude_deg"] + 0.2
        table.loc[rows, "source_longitude_deg"] = origin["source_longitude_deg"]

    names = dataset.metadata["source_id"][[first, second]]
    finding = checked(leaky(dataset_dir, tmp_path / "leak", edit))["same event under two ids"]
    assert finding.verdict == "error"
    assert "1 pairs" in finding.found
    assert all(name in finding.found for name in names)

    def both_in_training(table: pd.DataFrame) -> None:
        edit(table)
        table.loc[table["source_id"].isin(names), "split"] = "train"

    within = checked(leaky(dataset_dir, tmp_path / "within", both_in_training))
    assert within["same event under two ids"].verdict == "ok"
    assert "1 pairs within one split" in within["same event under two ids"].found


def test_degrees_of_longitude_shrink_towards_the_pole() -> None:
    table = pd.DataFrame(
        {
            "source_id": ["a", "b"],
            "split": ["train", "test"],
            "source_origin_time": pd.to_datetime([0, 1], unit="s", utc=True).astype("datetime64[ns, UTC]"),
            "source_latitude_deg": [60.0, 60.0],
            "source_longitude_deg": [179.8, -179.8],
        }
    )
    assert events_under_two_ids(table).verdict == "error"  # 0.4 degrees of longitude, 0.2 on the sphere
    table["source_latitude_deg"] = 0.0
    assert events_under_two_ids(table).verdict == "ok"


def test_windows_that_share_a_recording_are_found(dataset_dir: Path, tmp_path: Path) -> None:
    first, second = one_of_each(open_dataset(dataset_dir))
    sensor = ["station_network_code", "station_code", "station_location_code", "trace_channel"]

    def edit(table: pd.DataFrame) -> None:
        table.loc[second, sensor] = table.loc[first, sensor]
        later = table["trace_start_time"][first] + pd.Timedelta(seconds=15)
        table.loc[second, "trace_start_time"] = later

    finding = checked(leaky(dataset_dir, tmp_path / "leak", edit))["shared recordings"]
    assert finding.verdict == "warning"
    assert "by up to 5.0 s" in finding.found


def test_a_copied_waveform_is_found(dataset_dir: Path, tmp_path: Path) -> None:
    dataset = open_dataset(dataset_dir)
    first, second = one_of_each(dataset)
    copy = {second: samples_of(dataset, first)}
    findings = checked(leaky(dataset_dir, tmp_path / "leak", samples=copy))
    assert findings["copied waveforms"].verdict == "error"
    assert dataset.metadata["source_id"][first] in findings["copied waveforms"].found
    assert findings["near copies"].verdict == "ok", "an exact copy is told once"


def test_dead_channels_are_no_copies(dataset_dir: Path, tmp_path: Path) -> None:
    dataset = open_dataset(dataset_dir)
    dead = {record: np.full_like(samples_of(dataset, record), 7) for record in one_of_each(dataset)}
    assert wrong(leaky(dataset_dir, tmp_path / "dead", samples=dead)) == set()


def shifted(samples: Waveform, rate_hz: float) -> Waveform:
    """Cut the same recording earlier: what comes in is noise like the beginning of the record."""
    n_samples = round(SHIFT_S * rate_hz)
    noise = samples[:, n_samples:0:-1]
    return np.concatenate([noise, samples[:, :-n_samples]], axis=1)


def scaled(samples: Waveform, rate_hz: float) -> Waveform:
    """Give it another gain and the opposite polarity."""
    return np.round(samples * -3.7)


def filtered(samples: Waveform, rate_hz: float) -> Waveform:
    """Pass it through another instrument."""
    sections = signal.butter(2, [0.5, 12.0], "bandpass", fs=rate_hz, output="sos")
    centred = samples - samples.mean(-1, keepdims=True)
    passed: Waveform = np.round(signal.sosfilt(sections, centred, axis=-1))
    return passed


def noisy(samples: Waveform, rate_hz: float) -> Waveform:
    """Add noise of a tenth of its deviation to what it says above 1 Hz."""
    noise = np.random.default_rng(0).standard_normal(samples.shape)
    level = np.diff(samples, axis=-1).std(-1, keepdims=True)
    louder: Waveform = np.round(samples + 0.1 * level * noise)
    return louder


@pytest.mark.parametrize("change", [shifted, scaled, filtered, noisy])
def test_an_altered_copy_is_found(
    change: Callable[[Waveform, float], Waveform], dataset_dir: Path, tmp_path: Path
) -> None:
    dataset = open_dataset(dataset_dir)
    first, second = one_of_each(dataset)
    samples = change(samples_of(dataset, first), float(dataset.metadata["trace_sampling_rate_hz"][first]))
    findings = checked(leaky(dataset_dir, tmp_path / "leak", samples={second: samples.astype(np.int32)}))
    assert findings["near copies"].verdict == "error"
    assert findings["near copies"].found.startswith("1 pairs are alike in all components")
    assert findings["copied waveforms"].verdict == "ok"


def test_a_copy_at_another_rate_is_found(dataset_dir: Path, tmp_path: Path) -> None:
    dataset = open_dataset(dataset_dir)
    rate_hz = dataset.metadata["trace_sampling_rate_hz"]
    fast, slow = (int(np.flatnonzero(rate_hz == value)[0]) for value in (100.0, 50.0))
    samples = signal.resample_poly(samples_of(dataset, fast).astype(float), 1, 2, axis=-1, padtype="line")

    def edit(table: pd.DataFrame) -> None:
        table.loc[[fast, slow], "split"] = ["train", "test"]

    leak = leaky(dataset_dir, tmp_path / "leak", edit, {slow: np.round(samples).astype(np.int32)})
    assert checked(leak)["near copies"].verdict == "error"


def test_one_copied_component_is_a_warning(dataset_dir: Path, tmp_path: Path) -> None:
    dataset = open_dataset(dataset_dir)
    first, second = one_of_each(dataset)
    samples = samples_of(dataset, second).copy()
    samples[1] = scaled(samples_of(dataset, first)[1], 0.0)
    finding = checked(leaky(dataset_dir, tmp_path / "leak", samples={second: samples}))["near copies"]
    assert finding.verdict == "warning"
    assert "one component" in finding.found


def test_the_shift_is_measured(dataset_dir: Path, tmp_path: Path) -> None:
    dataset = open_dataset(dataset_dir)
    first, second = one_of_each(dataset)
    rate_hz = float(dataset.metadata["trace_sampling_rate_hz"][first])
    copy = {second: shifted(samples_of(dataset, first), rate_hz)}
    leak = leaky(dataset_dir, tmp_path / "leak", samples=copy)
    (alike,) = compare(leak, np.array([[first, second]]))
    resolution_s = 1.0 / (4 * common_band(leak).last / leak.window.length_s)
    assert alike.shift_s == pytest.approx(-SHIFT_S, abs=resolution_s)
    (itself,) = compare(dataset, np.array([[first, first]]))
    assert itself.record == pytest.approx(1.0, abs=1e-5)
    (stranger,) = compare(dataset, np.array([[first, second]]))
    assert stranger.record < 0.5


def test_windows_that_start_alike_are_noted(dataset_dir: Path, tmp_path: Path) -> None:
    dataset = open_dataset(dataset_dir)
    assert onset_places(dataset.metadata).verdict == "note"
    offset = 100.0 * (np.arange(len(dataset)) % 3)
    place = dataset.metadata["trace_p_arrival_sample"] + offset
    assert onset_places(dataset.metadata.assign(trace_p_arrival_sample=place)).verdict == "ok"


def test_remedies_take_a_column_only_where_there_are_some() -> None:
    sound, leak = Finding("one", "nothing", "ok"), Finding("other", "a leak", "error", "curate again")
    heads = [
        [column.header for column in findings_table(rows, "t").columns] for rows in ([sound], [sound, leak])
    ]
    assert heads == [["what", "found", "verdict"], ["what", "found", "verdict", "remedy"]]
