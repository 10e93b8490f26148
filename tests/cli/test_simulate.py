"""The command simulates once, says what it did, and refuses in one line what it cannot do."""

import sys
from collections.abc import Callable
from pathlib import Path

import hydra
import pytest
from omegaconf import DictConfig, OmegaConf

from seismic_lightning.cli.help import config_folder, help_text
from seismic_lightning.cli.instantiate import instantiate
from seismic_lightning.cli.schema import TrainConfig, register
from seismic_lightning.cli.simulate import main
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.simulation import calibration
from seismic_lightning.simulation.comparison import within

RunCommand = Callable[..., None]


def test_an_archive_is_simulated_once(
    tmp_path: Path, run_command: RunCommand, capsys: pytest.CaptureFixture[str]
) -> None:
    overrides = [f"archive_dir={tmp_path}/archive", f"output_dir={tmp_path}", "n_records=20", "seed=3"]
    run_command(main, *overrides)
    assert "Simulated: 20 records" in capsys.readouterr().out
    assert len(list((tmp_path / "archive").glob("waveforms/*/*.mseed"))) == 20
    run_command(main, *overrides)
    assert "Unchanged: 20 records" in capsys.readouterr().out
    run_command(main, *overrides, "n_records=21", "overwrite=true")
    assert "Simulated: 21 records" in capsys.readouterr().out


def test_one_given_earthquake_gets_a_folder_of_its_own(
    tmp_path: Path, run_command: RunCommand, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["earthquake.latitude_deg=40.7", "earthquake.longitude_deg=28.9"]
    given = ["earthquake.magnitude=3.5", *place, "earthquake.stations=[ADVT,YLV]"]
    run_command(main, f"output_dir={tmp_path}", *given)
    assert "2 records (2 HH) of 1 earthquake(s)" in capsys.readouterr().out
    [folder] = [path for path in (tmp_path / "archives").iterdir() if path.is_dir()]
    assert sorted(path.name for path in (folder / "waveforms" / "HH").iterdir()) == [
        "20250101000000_KO_ADVT_HH.mseed",
        "20250101000000_KO_YLV_HH.mseed",
    ]


def test_a_missed_tolerance_ends_with_exit_code_1_after_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["report=true", "n_records=16", "max_magnitude=1.5", f"output_dir={tmp_path}"]
    monkeypatch.setattr(sys, "argv", ["seismic-simulate", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    table = capsys.readouterr().out
    missed = [line[:48].rstrip() for line in table.splitlines() if line.endswith("MISSED")]
    assert missed
    assert isinstance(stopped.value.code, str)
    assert stopped.value.code.startswith(f"error: {len(missed)} of ")
    assert all(quantity in stopped.value.code for quantity in missed)
    assert "\n" not in stopped.value.code


def test_a_table_without_a_miss_is_a_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [within("anything", 1.0, 1.2, 0.4)]
    monkeypatch.setattr(calibration, "calibrate", lambda *_, **__: rows)
    monkeypatch.setattr(
        sys, "argv", ["seismic-simulate", "report=true", "n_records=16", f"output_dir={tmp_path}"]
    )
    main()
    assert "anything" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["n_records=0"], "n_records=0: give at least 1"),
        (["max_magnitude=8"], "max_magnitude=8"),
        (["min_magnitude=-1.5"], "min_magnitude=-1.5"),
        (["n_record=3"], "did you mean 'n_records'?"),
        (["n_workers=0"], "n_workers=0"),
        (["earthquake.magnitude=3"], "also needs earthquake.latitude_deg"),
        (["earthquake.stations=[NONE]"], "station='NONE': give one of ADVT"),
        (["earthquake.latitude_deg=36"], "the simulator reaches"),
        (["report=true", "earthquake.stations=[ADVT]"], "report=true compares"),
        (
            ["n_records=20", "earthquake.stations=[ADVT]"],
            "n_records=20 has no effect on one given",
        ),
        (["artefacts=false", "earthquake.stations=[ADVT]"], "artefacts=False has no effect"),
        (["earthquake.depth_km=5"], "also needs earthquake.magnitude, earthquake.latitude_deg"),
        (["earthquake.network_seed=-1", "earthquake.stations=[ADVT]"], "network_seed=-1"),
        (["report=true", "bh_rate_hz=50"], "leave bh_rate_hz out"),
    ],
)
def test_what_cannot_be_simulated_ends_in_one_line(
    arguments: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    if any(text.startswith(("earthquake.stations", "earthquake.latitude")) for text in arguments):
        given = ["earthquake.magnitude=3", "earthquake.latitude_deg=40.7", "earthquake.longitude_deg=28.9"]
        given += ["earthquake.stations=[ADVT]"]
    monkeypatch.setattr(sys, "argv", ["seismic-simulate", f"output_dir={tmp_path}", *given, *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert isinstance(stopped.value.code, str), "a text makes the exit code 1"
    assert expected in stopped.value.code
    assert "\n" not in stopped.value.code


def test_a_folder_that_was_not_simulated_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "data").write_text("measured")
    arguments = [
        f"archive_dir={tmp_path}/precious",
        f"output_dir={tmp_path}",
        "n_records=1",
        "overwrite=true",
    ]
    monkeypatch.setattr(sys, "argv", ["seismic-simulate", *arguments])
    with pytest.raises(SystemExit, match="was not simulated, so it stays"):
        main()
    assert (tmp_path / "precious" / "data").read_text() == "measured"


def test_help_tells_every_setting() -> None:
    text = help_text("simulate", config_folder())
    for line in ("n_records: 4000", "report: false", "stations: []", "seismic-simulate report=true"):
        assert line in text


def source(folder: Path, *overrides: str) -> DictConfig:
    """Compose where train.py gets its dataset from."""
    register("train_schema", TrainConfig)
    OmegaConf.register_new_resolver("pid", lambda: 0, replace=True)
    chosen = ["data=synthetic", f"output_dir={folder}", "data.source.simulation.n_records=64", *overrides]
    with hydra.initialize_config_dir(str(config_folder()), version_base="1.3"):
        config = hydra.compose("train", overrides=chosen).data.source
    assert isinstance(config, DictConfig)
    return config


def test_the_default_data_are_simulated_and_curated_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = instantiate(source(tmp_path))
    said = capsys.readouterr().out
    assert "Simulated: 64 records" in said
    assert folder.parent == tmp_path / "datasets"
    metadata = open_dataset(folder).metadata
    assert set(metadata["split"]) == {"train", "dev", "test"}
    assert set(metadata["trace_channel"]) <= {"HH", "BH", "EH"}
    assert instantiate(source(tmp_path)) == folder
    assert capsys.readouterr().out.count("Unchanged: ") == 2


def test_what_the_command_made_for_itself_is_repaired_with_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = instantiate(source(tmp_path))
    [archive] = [path for path in (tmp_path / "archives").iterdir() if path.is_dir()]
    whole = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".npy"}
    assert capsys.readouterr().out.count("again") == 0
    next(archive.glob("waveforms/HH/*.mseed")).unlink()
    repaired = instantiate(source(tmp_path))
    said = " ".join(capsys.readouterr().out.split())
    assert "was changed: it has" in said
    assert said.index("simulating it again.") < said.index("Simulated: 64 records")
    assert {path.name: path.read_bytes() for path in repaired.glob("*.npy")} == whole
    (repaired / "metadata.parquet").unlink()
    assert instantiate(source(tmp_path)) == repaired
    assert "metadata.parquet is missing: curating it again." in " ".join(capsys.readouterr().out.split())
    (repaired / "dataset.json").unlink()
    instantiate(source(tmp_path))
    assert "lacks a readable dataset.json: curating it again." in " ".join(capsys.readouterr().out.split())


def test_an_archive_beside_simulated_data_is_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="add data=archive"):
        instantiate(source(tmp_path, "archive_dir=/precious"))
