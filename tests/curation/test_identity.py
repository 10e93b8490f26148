"""The address of a dataset follows from its input, at no cost; an unchanged archive is not read again."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from support.simulated import simulated

from seismic_lightning.curation.build import curate
from seismic_lightning.curation.identity import dataset_id
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings

SHORT = CurationSettings(window=WindowSettings(length_s=20.0), select=SelectionSettings(min_snr=0.0))


def test_an_unchanged_archive_is_not_read_again(archive_dir: Path, dataset_dir: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in dataset_dir.iterdir()}
    assert curate(archive_dir, dataset_dir, SHORT).reused
    assert {path.name: path.stat().st_mtime_ns for path in dataset_dir.iterdir()} == before


def test_the_address_needs_neither_obspy_nor_pandas(archive_dir: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from seismic_lightning.curation.identity import dataset_id;"
        "from seismic_lightning.curation.settings import CurationSettings;"
        f"print(dataset_id(Path({str(archive_dir)!r}), CurationSettings()));"
        "print(sorted({'obspy', 'pandas', 'numpy', 'torch'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert run.stdout.split("\n")[:2] == [dataset_id(archive_dir, CurationSettings()), "[]"]


def test_the_address_follows_settings_and_files(archive_dir: Path, tmp_path: Path) -> None:
    archive = simulated(tmp_path / "archive", 1)
    addresses = {dataset_id(archive, SHORT), dataset_id(archive, replace(SHORT, orientation="as_is"))}
    (archive / "stations.xml").write_text("changed")
    assert len(addresses | {dataset_id(archive, SHORT)}) == 3
    assert dataset_id(archive_dir, SHORT) == dataset_id(archive_dir, SHORT)


def test_whole_and_fractional_seconds_are_one_setting(archive_dir: Path) -> None:
    forty = [CurationSettings(window=WindowSettings(length_s=length_s)) for length_s in (40, 40.0)]
    assert dataset_id(archive_dir, forty[0]) == dataset_id(archive_dir, forty[1])
