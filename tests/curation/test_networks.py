"""A pick without a network is never given to one of two networks that share a station code."""

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from support.archive import write_archive

from seismic_lightning.curation.layout import find_parts
from seismic_lightning.curation.plan import Plan, make_plan
from seismic_lightning.curation.rejection import rejection_row
from seismic_lightning.curation.settings import CurationSettings
from seismic_lightning.errors import DatasetError
from seismic_lightning.records.catalogue import Catalogue, read_catalogue


@pytest.fixture
def archive_dir(tmp_path: Path) -> Path:
    """Return an archive of three events at a station, for one event also of another network."""
    archive = write_archive(tmp_path / "archive", n_events=3, n_stations=1)
    folder = archive / "waveforms" / "HH"
    shutil.copy(folder / "sim_000_XX_ST00_HH.mseed", folder / "sim_000_YY_ST00_HH.mseed")
    return archive


def plan_of(archive: Path, networks: tuple[str, ...]) -> tuple[Plan, int]:
    """Plan with every pick of the catalogue once for each network, and say how many picks there were."""
    catalogue = read_catalogue(archive / "catalogue.xml")
    picks = [replace(pick, network=network) for network in networks for pick in catalogue.picks]
    return make_plan(find_parts(archive), Catalogue(catalogue.events, picks), CurationSettings()), len(
        catalogue.picks
    )


def test_in_event_files_it_is_refused_by_name(archive_dir: Path) -> None:
    plan, n_picks = plan_of(archive_dir, ("",))
    assert [candidate.picks for candidate in plan.candidates] == [()] * 4
    assert Counter(row["reason"] for row in plan.rejections) == {"ambiguous_station": n_picks}
    assert "networks XX, YY have files" in plan.rejections[0]["detail"]


def test_picks_with_a_network_are_kept_beside_it(archive_dir: Path) -> None:
    plan, n_picks = plan_of(archive_dir, ("", "XX", "YY"))
    assert {pick.network for candidate in plan.candidates for pick in candidate.picks} == {"XX", "YY"}
    assert len(plan.rejections) == n_picks


def test_what_events_lost_is_said_where_no_pick_is_left(archive_dir: Path) -> None:
    catalogue = read_catalogue(archive_dir / "catalogue.xml")
    parts = find_parts(archive_dir)._replace(layout="continuous")
    lost = [rejection_row("not_in_catalogue", "", None, "7")]
    with pytest.raises(DatasetError, match="1 x not_in_catalogue"):
        make_plan(parts, Catalogue(catalogue.events, []), CurationSettings(), lost)


def test_one_network_of_a_station_owns_picks_without(archive_dir: Path) -> None:
    (archive_dir / "waveforms" / "HH" / "sim_000_YY_ST00_HH.mseed").unlink()
    plan, _ = plan_of(archive_dir, ("",))
    assert all(candidate.picks for candidate in plan.candidates)
    assert plan.rejections == []
