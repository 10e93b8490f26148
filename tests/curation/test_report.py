"""Every reason is explained, and the counts can be read on a screen."""

import os
import re
import shutil
from io import StringIO
from pathlib import Path

import pandas as pd
from rich.console import Console
from support.archive import write_archive

from seismic_lightning import curation, records
from seismic_lightning.curation.build import curate
from seismic_lightning.curation.reasons import REASONS, REMEDIES
from seismic_lightning.curation.report import Tally, frequent_reasons
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import open_dataset

SHORT = CurationSettings(window=WindowSettings(length_s=20.0), select=SelectionSettings(min_snr=0.0))


def test_every_reason_with_a_remedy_is_explained() -> None:
    assert set(REMEDIES) <= set(REASONS)


def test_every_reason_that_the_code_gives_is_explained() -> None:
    sources = [Path(module.__file__ or "").parent for module in (records, curation)]
    pattern = re.compile(r"(?:WaveformError|Refusal|Refused|rejection_row)\(\s*\"(\w+)\"")
    given = {
        reason
        for folder in sources
        for path in folder.glob("*.py")
        for reason in pattern.findall(path.read_text(encoding="utf-8"))
    }
    assert given <= set(REASONS)
    assert set(REASONS) - given <= {"family_not_selected", "other_unit"}


def test_a_summary_shows_as_a_table(dataset_dir: Path, archive_dir: Path) -> None:
    console = Console(width=120, record=True, file=StringIO())
    console.print(curate(archive_dir, dataset_dir, SHORT))
    text = console.export_text()
    metadata = open_dataset(dataset_dir).metadata
    words = [
        f"{word} {(metadata['split'] == split).sum()} of "
        f"{metadata.loc[metadata['split'] == split, 'source_id'].nunique()} events"
        for word, split in (("training", "train"), ("validation", "dev"), ("test", "test"))
    ]
    assert ", ".join(words) in text
    assert "families without a file" not in text


def test_families_without_a_file_are_named(tmp_path: Path) -> None:
    console = Console(width=120, record=True, file=StringIO())
    archive = write_archive(tmp_path / "archive", n_events=3, n_stations=1)
    console.print(curate(archive, tmp_path / "dataset", SHORT))
    assert "families without a file: BH, EH" in console.export_text()


def test_strangers_among_the_waveforms_are_listed_apart(archive_dir: Path, tmp_path: Path) -> None:
    archive = Path(shutil.copytree(archive_dir, tmp_path / "archive"))
    (archive / "waveforms" / "notes.txt").write_text("x")
    (archive / "waveforms" / "HH" / os.fsdecode(b"\xff.mseed")).write_text("x")
    summary = curate(archive, tmp_path / "dataset", SHORT)
    assert summary.apart == {"not_an_event_file": 2}
    assert summary.candidates == len(list(archive_dir.glob("waveforms/*/*.mseed")))
    table = pd.read_parquet(tmp_path / "dataset" / "rejections.parquet")
    strangers = table.loc[table["reason"] == "not_an_event_file", "path"]
    assert strangers.tolist() == [r"waveforms/HH/\udcff.mseed", "waveforms/notes.txt"]


def test_the_most_frequent_reasons_come_with_an_example_and_a_remedy() -> None:
    rows = [
        {"reason": reason, "path": f"{reason}.mseed", "detail": "why"}
        for reason in ["gaps"] * 3 + ["overlap"]
    ]
    text = frequent_reasons(Tally.of([*rows, {"reason": "no_file", "path": None, "detail": ""}]))
    assert text.startswith("3 x gaps (")
    assert "gaps.mseed: why). Remedy: shorten window.length_s" in text
    assert "1 x overlap (" in text
    assert "no_file" not in text
