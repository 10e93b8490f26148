"""An archive's identifier follows the simulator itself: no source that decides a byte is left out of it."""

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from seismic_lightning.simulation import identity
from seismic_lightning.simulation.identity import (
    MANIFEST,
    ONLY_COMPARES,
    PACKAGE,
    WRITTEN_WITH,
    find_fault,
    simulation_id,
    sources,
)
from seismic_lightning.simulation.request import Earthquake
from seismic_lightning.simulation.settings import SimulationSettings

WITHOUT_PART = ("errors.py", "progress.py", "storage.py")
"""What refuses, tells of progress and puts files in their places; none decides a byte."""
ONLY_ROWS = ("records/catalogue.py", "records/waveform.py")
"""Readers whose types of rows are used: what they read with is not followed."""


def imported(path: Path) -> Iterator[Path]:
    """Yield the modules of this package that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("seismic_lightning"):
            place = PACKAGE.parent.joinpath(*str(node.module).split("."))
            names = [place / alias.name for alias in node.names]
            yield from (
                name.with_suffix(".py") for name in [place, *names] if name.with_suffix(".py").is_file()
            )


def test_everything_that_is_imported_is_part_of_the_identifier() -> None:
    modules = [path for path in sources() if path.suffix == ".py"]
    followed = [path for path in modules if path not in {PACKAGE / name for name in ONLY_ROWS}]
    needed = {path for module in followed for path in imported(module)}
    assert needed - set(modules) == {PACKAGE / name for name in WITHOUT_PART}
    assert {PACKAGE / name for name in WRITTEN_WITH} <= needed, "nothing is listed that is not needed"


def test_the_facts_that_ship_with_the_room_are_part_of_it() -> None:
    names = {path.name for path in sources()}
    assert {"ko_stations.csv", "ko_station_noise.csv", "synthesis.py", "travel_time.py"} <= names
    assert not names & set(ONLY_COMPARES)


@pytest.mark.parametrize(
    "name", ["simulation/source.py", "simulation/data/ko_stations.csv", "records/quakeml.py"]
)
def test_a_changed_source_is_another_archive(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "seismic_lightning"
    for path in sources():
        copy = package / path.relative_to(PACKAGE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    before = simulation_id(SimulationSettings())
    monkeypatch.setattr(identity, "PACKAGE", package)
    assert simulation_id(SimulationSettings()) == before
    lines = (package / name).read_bytes().splitlines()
    (package / name).write_bytes(b"".join(line + b"\r\n" for line in lines))
    assert simulation_id(SimulationSettings()) == before, "line ends are a matter of the checkout"
    (package / name).write_bytes((package / name).read_bytes() + b"\n")
    assert simulation_id(SimulationSettings()) != before


def test_a_given_earthquake_is_identified_by_what_applies_to_it() -> None:
    given = Earthquake(3.5, 40.72, 28.9, 8.0, ("ADVT",))
    assert simulation_id(given) == simulation_id(Earthquake(3.5, 40.72, 28.9, 8, ("ADVT",)))
    assert len({simulation_id(given), simulation_id(SimulationSettings())}) == 2


def test_an_archive_of_another_version_is_told_from_other_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SimulationSettings(n_records=1)
    (tmp_path / "truth.parquet").touch()
    identity.write_manifest(tmp_path, settings, {})
    assert (tmp_path / MANIFEST).is_file()
    assert find_fault(tmp_path, settings) is None
    assert str(find_fault(tmp_path, SimulationSettings())).endswith("the settings differ")
    monkeypatch.setattr(identity, "sources_sha256", lambda: "another")
    assert str(find_fault(tmp_path, settings)).endswith("was made by another version of the simulator")
