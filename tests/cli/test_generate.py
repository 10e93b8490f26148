"""``seismic-generate`` as a user types it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from seismic_lightning.cli.generate import main as generate
from seismic_lightning.generation.trained import Trained

PLACE = ("latitude_deg=40.75", "longitude_deg=28.9", "depth_km=10")


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every command where its logs harm nobody."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def station(cvae_checkpoint: Path) -> str:
    """Return the code of a station that the model knows."""
    return Trained.read(cvae_checkpoint).conditions.stations[0].partition(".")[2]


@pytest.fixture
def checkpoints(cvae_checkpoint: Path, vae_checkpoint: Path, ae_checkpoint: Path) -> dict[str, Path]:
    """Return checkpoints by the words that stand for them."""
    return {"CVAE": cvae_checkpoint, "VAE": vae_checkpoint, "AE": ae_checkpoint}


def test_one_command_makes_the_records_that_were_asked_for(
    run_command: Callable[..., None],
    cvae_checkpoint: Path,
    station: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run_command(
        generate, f"ckpt_path={cvae_checkpoint}", "n_records=2", "magnitude=3.9", *PLACE,
        f"station={station}", "output_dir=made", "phase=fine", "seed=3",
    )  # fmt: skip
    said = " ".join(capsys.readouterr().out.split())
    assert "2 synthetic records in mps in" in said
    metadata = pd.read_parquet("made/metadata.parquet")
    assert metadata["outside_magnitude"].tolist() == [True, True]
    assert metadata["seed"].tolist() == [3, 3]
    (log,) = Path("outputs/generate").glob("*/generate.log")
    assert "magnitude outside the training data" in log.read_text()
    assert "3.9 (request 1)" in log.read_text()
    assert json.loads(Path("made/generation.json").read_text())["settings"]["phase"] == "fine"


def test_scenarios_and_the_newest_checkpoint(
    run_command: Callable[..., None], cvae_checkpoint: Path, station: str
) -> None:
    folder = Path("outputs/train/run/checkpoints")
    folder.mkdir(parents=True)
    shutil.copyfile(cvae_checkpoint, folder / "last.ckpt")
    lines = ["magnitude,latitude_deg,longitude_deg,depth_km,station,n_records"]
    lines += [f"2.5,40.7,28.9,{depth},{station},{number}" for depth, number in ((5, 1), (12, 2))]
    Path("scenarios.csv").write_text("\n".join(lines))
    run_command(generate, "ckpt_path=last", "scenarios=scenarios.csv", "output_dir=made")
    assert pd.read_parquet("made/metadata.parquet")["source_depth_km"].tolist() == [5.0, 12.0, 12.0]


def test_a_model_without_condition_needs_no_source(
    run_command: Callable[..., None], vae_checkpoint: Path
) -> None:
    run_command(generate, f"ckpt_path={vae_checkpoint}", "n_records=3", "output_dir=made")
    assert len(list(Path("made").rglob("*.mseed"))) == 3
    (log,) = Path("outputs/generate").glob("*/generate.log")
    assert "holds no density of its training posteriors" in log.read_text()  # which is the better sampler


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ((), "seismic-generate needs ckpt_path="),
        (("ckpt_path=CVAE",), r"needs .* output_dir=<folder to make>"),
        (("ckpt_path=CVAE", "output_dir=o", "n_records=0"), "n_records=0: give a whole number of 1 or more"),
        (("ckpt_path=CVAE", "output_dir=o", "magnitude=big"), "magnitude=big: Value 'big'"),
        (("ckpt_path=CVAE", "output_dir=o", "magnitude=nan"), "magnitude=nan: give a number from -3 to 10"),
        (("ckpt_path=CVAE", "output_dir=o", "magnitude=3,5"), "point, magnitude=3.5; or put -m in front"),
        (("ckpt_path=CVAE", "output_dir=o", "depth_km=-5"), "depth_km=-5.0: give a number from 0"),
        (("ckpt_path=CVAE", "output_dir=o"), "CVAE, which also needs magnitude, latitude_deg"),
        (
            ("ckpt_path=CVAE", "output_dir=o", "magnitude=3", "scenarios=s.csv"),
            "magnitude=3.0: scenarios=s.csv",
        ),
        (("ckpt_path=CVAE", "output_dir=o", "scenarios=s.csv"), "scenarios=s.csv: cannot be read as text"),
        (("ckpt_path=CVAE", "output_dir=o", "magnitude=3", *PLACE, "station=?"), r"station=\?: no station"),
        (("ckpt_path=CVAE", "output_dir=o", "stations=none.xml"), "none.xml cannot be read"),
        (("ckpt_path=VAE", "output_dir=o", "magnitude=3"), "holds a VAE, which knows no condition"),
        (("ckpt_path=VAE", "output_dir=o", "unit=mps"), "unit=mps: of XX.SYNTH .* there is no sensitivity"),
        (
            ("ckpt_path=VAE", "output_dir=o", "sampler=aggregate"),
            "this VAE holds no density",
        ),
        (("ckpt_path=AE", "output_dir=o"), "holds an AE, .* it can reconstruct only"),
        (("ckpt_path=none.ckpt", "output_dir=o"), "ckpt_path=none.ckpt is no file"),
        (("ckpt_path=best", "output_dir=o"), "ckpt_path=best: no run below"),
        (("ckpt_path=VAE", "output_dir=taken"), "output_dir=taken is occupied"),
        (
            ("ckpt_path=VAE", "output_dir=o", "device=tpu9"),
            "device=tpu9 cannot be used: .* device=cpu always",
        ),
        (("ckpt_path=VAE", "output_dir=o", "origin_time=now"), "origin_time=now: give a date"),
        (
            ("ckpt_path=VAE", "output_dir=o", "temperature=50"),
            "temperature=50: .* from 0 to 2, or allow_far=true",
        ),
    ],
)
def test_what_cannot_be_generated_is_refused(
    run_command: Callable[..., None], checkpoints: dict[str, Path], overrides: tuple[str, ...], message: str
) -> None:
    Path("taken").mkdir()
    Path("taken/thesis.tex").write_text("precious")
    named = [
        f"ckpt_path={checkpoints[word]}" if name == "ckpt_path" and word in checkpoints else override
        for override in overrides
        for name, _, word in [override.partition("=")]
    ]
    with pytest.raises(SystemExit, match=message) as refused:
        run_command(generate, *named)
    assert len(str(refused.value).splitlines()) == 1
    assert sorted(path.name for path in Path().iterdir()) == ["taken"]
    assert [path.name for path in Path("taken").iterdir()] == ["thesis.tex"]


def test_a_refusal_leaves_other_runs_and_folders_that_the_user_named(
    run_command: Callable[..., None], vae_checkpoint: Path
) -> None:
    run_command(generate, f"ckpt_path={vae_checkpoint}", "output_dir=made")
    kept = sorted(Path().rglob("*"))
    with pytest.raises(SystemExit, match="output_dir=made is occupied"):
        run_command(generate, f"ckpt_path={vae_checkpoint}", "output_dir=made", "hydra.run.dir=mine")
    assert (Path("mine") / "generate.log").is_file()
    shutil.rmtree("mine")
    assert sorted(Path().rglob("*")) == kept


def test_the_model_works_where_it_was_told_to(
    run_command: Callable[..., None], vae_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)  # an accelerator is not taken unasked
    run_command(generate, f"ckpt_path={vae_checkpoint}", "output_dir=made")
    assert json.loads(Path("made/generation.json").read_text())["device"] == "cpu"
