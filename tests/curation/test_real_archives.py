"""Real records of many observatories: the counts curation has to come to, and files that break readers."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seismic_lightning.curation.build import curate
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.errors import DatasetError

REAL = Path(os.environ.get("SEISMIC_REAL_DATA", "absent"))
pytestmark = pytest.mark.skipif(
    not REAL.is_dir(), reason="SEISMIC_REAL_DATA is not set: no real archives to curate"
)


def settings(
    length_s: float, gap: str = "recorded", max_flat_s: float | None = 0.5, unit: str | None = None
) -> CurationSettings:
    select = SelectionSettings(families=["all"], gap=gap, max_flat_s=max_flat_s, unit=unit)
    return CurationSettings("as_is", WindowSettings(length_s=length_s), select)


def test_the_original_practice_accepts_what_it_should_of_whole_windows(tmp_path: Path) -> None:
    summary = curate(REAL / "records", tmp_path / "dataset", settings(70.0, "legacy", None))
    assert (summary.candidates, summary.accepted) == (464, 51)
    assert summary.rejected == {"gaps": 411, "low_snr": 2}


def test_shorter_windows_accept_most_records_and_enough_events(tmp_path: Path) -> None:
    summary = curate(REAL / "records", tmp_path / "dataset", settings(40.0))
    assert summary.accepted + sum(summary.rejected.values()) == summary.candidates == 464
    assert summary.accepted == 365
    assert summary.events["dev"] >= 15
    assert set(summary.rejected) == {"clipped", "gaps", "low_snr"}
    table = pd.read_parquet(tmp_path / "dataset" / "rejections.parquet")
    clipped = table[table["reason"] == "clipped"].sort_values("station")
    assert clipped["event"].unique().tolist() == ["hv70907436"]
    assert clipped["station"].str.split(".").str[1].tolist() == ["HSSD", "HUAD", "MLOD", "MOKD", "TOUO"]
    assert "Z 20.18," in clipped["detail"].iloc[1]
    metadata = open_dataset(tmp_path / "dataset").metadata
    assert set(metadata["trace_sampling_rate_hz"]) == {20.0, 40.0, 100.0, 200.0, 250.0}
    assert set(metadata["trace_p_status"]) == {"manual", "model"}
    assert len(pd.read_csv(tmp_path / "dataset" / "quality.csv")) == 464
    shifts_s = metadata.filter(like="start_remainder_s").abs().max(axis=1)
    assert (shifts_s <= 0.5 / metadata["trace_sampling_rate_hz"] + 1e-9).all()


def test_without_azimuths_other_sensors_are_refused(tmp_path: Path) -> None:
    select = SelectionSettings(families=["all"])
    summary = curate(
        REAL / "records",
        tmp_path / "dataset",
        CurationSettings("strict", WindowSettings(length_s=40.0), select),
    )
    assert summary.rejected["no_orientation"] == 77


def test_records_in_si_units_form_datasets_of_one_unit(tmp_path: Path) -> None:
    summary = curate(REAL / "records_si", tmp_path / "dataset", settings(40.0))
    assert (summary.candidates, summary.unit) == (62, "mps")
    dataset = open_dataset(tmp_path / "dataset")
    assert dataset.metadata["trace_channel"].str.endswith("N").sum() == 0
    assert (dataset.metadata["trace_s_arrival_sample"] > dataset.metadata["trace_p_arrival_sample"]).any()
    assert all(group.waveform.dtype == np.float32 for group in dataset.fetch(np.arange(len(dataset))))


def test_accelerograms_with_padding_and_held_values_are_flat(tmp_path: Path) -> None:
    whole = replace(settings(40.0), select=SelectionSettings(min_snr=0.0, max_gap=1.0, families=["HN"]))
    curate(REAL / "records_si", tmp_path / "dataset", whole)
    table = pd.read_parquet(tmp_path / "dataset" / "rejections.parquet")
    flat = table[table["reason"] == "flat"]
    assert sorted(flat["event"]) == ["ci3031425", "nz2018p115908", "us60004wsq"]


@pytest.fixture
def with_hard_file(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that makes an archive of three good Turkish records, one replaced by a hard file."""

    def make(name: str) -> Path:
        archive = tmp_path / "archive"
        (archive / "waveforms" / "HH").mkdir(parents=True)
        for part in ("catalogue.xml", "stations.xml"):
            shutil.copy(REAL / "records" / part, archive)
        good = sorted((REAL / "records" / "waveforms" / "HH").glob("*_KO_CEYT_HH.mseed"))
        hard = REAL / "hard" / "derived_from_real" / name
        for path in good:
            shutil.copy(
                hard if path.name.startswith("us6000jlmn") else path, archive / "waveforms" / "HH" / path.name
            )
        return archive

    return make


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ceyt_ok.mseed", None),
        ("ceyt_gap_3s.mseed", "gaps"),
        ("ceyt_constant_component.mseed", "dead_component"),
        ("ceyt_mixed_rate.mseed", "mixed_rates"),
        ("ceyt_nan.mseed", "not_finite"),
        ("ceyt_too_short.mseed", "gaps"),
        ("ceyt_truncated_midrecord.mseed", "missing_component"),
        ("ceyt_zero_length.mseed", "empty_file"),
    ],
)
def test_hard_files_end_as_a_record_or_by_name(
    with_hard_file: Callable[[str], Path], tmp_path: Path, name: str, reason: str | None
) -> None:
    archive = with_hard_file(name)
    from_before_the_origin = WindowSettings(before_p_s=45.0, length_s=75.0)
    chosen = replace(settings(75.0), window=from_before_the_origin)
    if reason is None:
        assert curate(archive, tmp_path / "dataset", chosen).accepted == 3
        return
    with pytest.raises(DatasetError, match=rf"come from 2 event.*1 x {reason} "):
        curate(archive, tmp_path / "dataset", chosen)
