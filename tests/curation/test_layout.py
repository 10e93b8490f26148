"""An archive keeps its contract or is told what it lacks; names are taken apart by known events."""

import os
import shutil
from pathlib import Path

import pytest
from support.archive import write_archive

from seismic_lightning.curation.layout import FileName, Places, find_parts, parse_name
from seismic_lightning.errors import ArchiveError

EVENTS = {"20231204074220", "us_1", "us_1_2"}


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("20231204074220_KO_ADVT_HH", FileName("20231204074220", ("KO", "ADVT"), "HH")),
        ("20231204074220_ADVT_HH", FileName("20231204074220", ("ADVT",), "HH")),
        ("us_1_KO_ADVT_00_HH", FileName("us_1", ("KO", "ADVT", "00"), "HH")),
        ("us_1_2_ADVT_HH", FileName("us_1_2", ("ADVT",), "HH")),
        ("us_1_HH", FileName("us_1", (), "HH")),
        ("us_2_KO_ADVT_HH", None),
        ("us_1", None),
        ("", None),
    ],
)
def test_names_begin_with_the_longest_known_event(stem: str, expected: FileName | None) -> None:
    assert parse_name(stem, EVENTS) == expected


def test_files_are_found_in_order_and_strangers_told_apart(tmp_path: Path) -> None:
    folder = write_archive(tmp_path / "archive", n_events=2, n_stations=2)
    (folder / "waveforms" / "readme.txt").write_text("x")
    (folder / "waveforms" / "HH" / "old").mkdir()
    (folder / "waveforms" / "HH" / "old" / "a.mseed").write_text("x")
    parts = find_parts(folder)
    assert [path.name for path in parts.waveforms] == sorted(path.name for path in parts.waveforms)
    assert len(parts.waveforms) == 4
    assert [path.name for path in parts.strangers] == ["a.mseed", "readme.txt"]


@pytest.mark.parametrize(
    ("part", "lacks"),
    [
        ("", "is no folder; give one with catalogue.xml"),
        ("catalogue.xml", "has no catalogue.xml; give it, catalogue=<file>"),
        ("stations.xml", "has no station metadata; give stations.xml"),
        ("waveforms", "has no folder waveforms; give event files waveforms/<family>/<event>"),
        ("waveforms/HH", "holds none for layout=events; give event files waveforms/<family>"),
    ],
)
def test_a_missing_part_is_named(tmp_path: Path, part: str, lacks: str) -> None:
    folder = write_archive(tmp_path / "archive", n_events=1, n_stations=1)
    path = folder / part
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    with pytest.raises(ArchiveError) as refused:
        find_parts(folder)
    assert lacks in str(refused.value)


def test_a_catalogue_of_another_name_is_taken_if_it_is_the_only_one(tmp_path: Path) -> None:
    folder = write_archive(tmp_path / "archive", n_events=1, n_stations=1)
    (folder / "catalogue.xml").rename(folder / "catalogue.txt")
    assert find_parts(folder).catalogue == folder / "catalogue.txt"
    (folder / "catalogue.csv").touch()
    for bulletins in (False, True):
        if bulletins:
            (folder / "bulletins").mkdir()
            (folder / "bulletins" / "a.txt").touch()
        with pytest.raises(ArchiveError, match=r"several others \(catalogue\.csv, catalogue\.txt\)"):
            find_parts(folder)


def test_bulletins_lie_in_folders_too_and_hidden_files_are_none(tmp_path: Path) -> None:
    folder = write_archive(tmp_path / "archive", n_events=1, n_stations=1)
    for name in ("b.txt", "2024/a.txt", ".DS_Store", "2024/.a.txt.swp", ".git/a.txt"):
        path = folder / "bulletins" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    names = [path.relative_to(folder / "bulletins").as_posix() for path in find_parts(folder).bulletins]
    assert names == ["2024/a.txt", "b.txt"]


def test_linked_folders_are_followed_and_each_is_listed_once(tmp_path: Path) -> None:
    folder = write_archive(tmp_path / "archive", n_events=2, n_stations=1)
    family = folder / "waveforms" / "HH"
    expected = find_parts(folder).waveforms
    family.rename(tmp_path / "elsewhere")
    family.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "round").symlink_to(folder / "waveforms")  # a circle
    (folder / "waveforms" / "itself").symlink_to(folder / "waveforms")
    found = find_parts(folder)
    assert (found.waveforms, found.strangers) == (expected, ())


def test_a_link_to_a_folder_of_the_tree_hides_nothing(tmp_path: Path) -> None:
    day = "KO/AAA/BHZ.D/KO.AAA..BHZ.D.2024.001"
    archive = write_archive(tmp_path / "archive", n_events=1, n_stations=1)
    file = tmp_path / "sds" / "2024" / day
    file.parent.mkdir(parents=True)
    file.touch()
    (tmp_path / "sds" / "0_latest").symlink_to(tmp_path / "sds" / "2024")
    found = find_parts(Places(archive, waveforms=tmp_path / "sds", layout="sds"))
    assert (found.waveforms, found.strangers) == ((file,), ())


def test_a_folder_that_cannot_be_listed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = write_archive(tmp_path / "archive", n_events=3, n_stations=1)

    def denied(path: str) -> object:
        if str(path).endswith("HH"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(ArchiveError, match="HH cannot be listed: Permission denied"):
        find_parts(archive)
