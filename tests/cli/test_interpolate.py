"""``seismic-interpolate`` as a user types it."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import obspy
import pandas as pd
import pytest
from support.checkpoints import write_checkpoint

from seismic_lightning.cli.interpolate import main as interpolate
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.models.ae import AE
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.models.vae import VAE

REQUEST = ("latitude_deg=40.7", "longitude_deg=28.5", "depth_km=8")
CONDITIONS = [
    "source_magnitude",
    "source_latitude_deg",
    "source_longitude_deg",
    "source_depth_km",
    "station_code",
    "path_ep_distance_km",
    "trace_start_time",
]


@pytest.fixture(scope="module")
def checkpoints(dataset_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return checkpoints by the placeholders that stand for them."""
    folder = tmp_path_factory.mktemp("trained")
    return {
        "CVAE": str(
            write_checkpoint(dataset_dir, folder / "cvae.ckpt", CVAE, prior="conditional", residual="speckle")
        ),
        "VAE": str(write_checkpoint(dataset_dir, folder / "vae.ckpt", VAE)),
        "AE": str(write_checkpoint(dataset_dir, folder / "ae.ckpt", AE)),
        "DATASET": str(dataset_dir),
    }


@pytest.fixture
def run(
    checkpoints: dict[str, str],
    dataset_dir: Path,
    run_command: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Path]:
    """Return a function that runs the command in a folder of its own and returns what it made."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.csv").write_text(two_rows(dataset_dir))
    (tmp_path / "one.csv").write_text("\n".join(two_rows(dataset_dir).splitlines()[:2]))

    def command(*overrides: str) -> Path:
        names = {f"ckpt_path={name}": f"ckpt_path={path}" for name, path in checkpoints.items()}
        names["dataset_dir=DATASET"] = f"dataset_dir={dataset_dir}"
        run_command(interpolate, *(names.get(text, text) for text in overrides))
        return tmp_path / "steps"

    return command


def two_rows(dataset_dir: Path) -> str:
    station = station_of(dataset_dir)
    rows = f"2.0,40.7,28.5,8,{station}\n4.0,40.9,28.9,12,{station}\n"
    return f"magnitude,latitude_deg,longitude_deg,depth_km,station\n{rows}"


def station_of(dataset_dir: Path) -> str:
    table = open_dataset(dataset_dir).metadata
    return str(table.loc[table["split"] == "train", "station_code"].iloc[0])


@pytest.mark.parametrize("model", ["AE", "VAE", "CVAE"])
def test_every_model_joins_two_records(model: str, run: Callable[..., Path], dataset_dir: Path) -> None:
    dataset = open_dataset(dataset_dir)
    end = dataset.metadata.iloc[41]
    target = f"target={end['source_id']}/{end['station_network_code']}.{end['station_code']}"
    options = ("dataset_dir=DATASET", "source=3", target, "output_dir=steps", "steps=5")
    folder = run(f"ckpt_path={model}", *options)
    table = pd.read_parquet(folder / "metadata.parquet")
    ends = dataset.metadata.iloc[[3, 41]].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        table.iloc[[0, -1]][CONDITIONS].reset_index(drop=True), ends[CONDITIONS], check_dtype=False
    )
    short = pd.read_csv(folder / "steps.csv")
    assert short["interpolation_target_weight"].tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert (folder / "interpolation.png").read_bytes()[1:4] == b"PNG"
    for name, start in zip(short["trace_file"], table["trace_start_time"], strict=True):
        stream = obspy.read(folder / name)
        assert [trace.stats.channel[-1] for trace in stream] == list("ZNE")
        assert {trace.stats.location for trace in stream} == {"SY"}
        assert {(trace.stats.npts, trace.stats.sampling_rate) for trace in stream} == {(2001, 100.0)}
        assert abs(stream[0].stats.starttime - obspy.UTCDateTime(start.to_pydatetime())) < 1e-5
        assert max(np.abs(trace.data).max() for trace in stream) > 0
    about = json.loads((folder / "generation.json").read_text())
    assert (about["synthetic"], about["rows"], about["settings"]["steps"]) == (True, [3, 41], 5)


def test_between_two_requests_only_what_was_asked_changes(
    run: Callable[..., Path], dataset_dir: Path
) -> None:
    place = [*REQUEST, f"station={station_of(dataset_dir)}", "seed=4"]
    asked = [f"{end}.{text}" for end in ("source", "target") for text in place]
    magnitudes = ("source.magnitude=2", "target.magnitude=3")
    folder = run("ckpt_path=CVAE", *asked, *magnitudes, "steps=3", "output_dir=steps", "phase=fine")
    table = pd.read_parquet(folder / "metadata.parquet")
    assert table["source_magnitude"].tolist() == [2.0, 2.5, 3.0]
    assert table["source_latitude_deg"].to_numpy() == pytest.approx(40.7)
    starts = table["trace_start_time"]
    assert (starts - starts[0]).abs().max() <= pd.Timedelta("2us")
    assert table["trace_s_arrival_sample"].to_numpy() == pytest.approx(table["trace_s_arrival_sample"][0])
    assert json.loads((folder / "generation.json").read_text())["seeds"] == [4, 4]


def test_a_file_holds_two_requests_whose_draws_differ(run: Callable[..., Path]) -> None:
    folder = run("ckpt_path=CVAE", "scenarios=two.csv", "steps=2", "seed=5", "output_dir=steps")
    assert json.loads((folder / "generation.json").read_text())["seeds"] == [5, 6]
    assert pd.read_csv(folder / "steps.csv")["source_magnitude"].tolist() == [2.0, 4.0]


def test_a_vae_joins_two_seeds(run: Callable[..., Path]) -> None:
    folder = run("ckpt_path=VAE", "source.seed=1", "target.seed=2", "steps=3", "output_dir=steps")
    assert len(list(folder.glob("waveforms/*/*.mseed"))) == 3
    assert pd.read_csv(folder / "steps.csv")["source_magnitude"].isna().all()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("dataset_dir=DATASET", "source=3", "target=3"), "same record, row 3"),
        (("dataset_dir=DATASET", "source=3", "target=3", "temperature=2"), "temperature=2.0 has no effect"),
        (("source.seed=1", "target.seed=1"), "same request of one seed"),
    ],
)
def test_what_leads_nowhere_is_said(
    run: Callable[..., Path], capsys: pytest.CaptureFixture[str], overrides: tuple[str, ...], message: str
) -> None:
    folder = run("ckpt_path=VAE", *overrides, "steps=2", "output_dir=steps")
    assert message in capsys.readouterr().out
    assert message in " ".join(json.loads((folder / "generation.json").read_text())["warnings"])


def test_the_same_command_makes_the_same_files(run: Callable[..., Path], tmp_path: Path) -> None:
    command = ("ckpt_path=CVAE", "dataset_dir=DATASET", "source=3", "target=41", "steps=3")
    once, again = run(*command, "output_dir=steps"), tmp_path / "again"
    run(*command, "output_dir=again")
    for path in (path for path in once.rglob("*") if path.suffix in (".mseed", ".csv", ".png")):
        assert path.read_bytes() == (again / path.relative_to(once)).read_bytes()


RECORDS = ("dataset_dir=DATASET", "source=3", "target=41", "output_dir=steps")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("ckpt_path=AE", *RECORDS[:-1]), "seismic-interpolate needs ckpt_path=.* and output_dir="),
        (RECORDS, "seismic-interpolate needs ckpt_path="),
        (("ckpt_path=AE", *RECORDS, "steps=1"), "steps=1: give 2 or more"),
        (("ckpt_path=AE", *RECORDS, "steps=few"), "steps"),
        (("ckpt_path=AE", *RECORDS, "seed=-1"), "seed=-1 cannot be used"),
        (("ckpt_path=AE", *RECORDS, "phase=quick"), "phase=quick: choose one of normal, fine"),
        (("ckpt_path=AE", *RECORDS, "device=tpu9"), "device=tpu9 cannot be used: .* device=cpu always"),
        (("ckpt_path=AE", *RECORDS, "target=999999"), "record 999999: .* has rows 0 to "),
        (("ckpt_path=AE", *RECORDS, "target=nobody/KO.ISK"), "record nobody/KO.ISK: .* none of this name"),
        (("ckpt_path=AE", *RECORDS, "dataset_dir=nowhere"), "dataset_dir=nowhere holds no dataset"),
        (("ckpt_path=none.ckpt", *RECORDS), "ckpt_path=none.ckpt is no file"),
        (
            ("ckpt_path=AE", "dataset_dir=DATASET", "source=3", "target.magnitude=3", "output_dir=steps"),
            "source is a record, target is a request: give two records, .* or two requests",
        ),
        (("ckpt_path=AE", *RECORDS[:2], "output_dir=steps"), "source is a record, target is not given"),
        (("ckpt_path=AE", *RECORDS[1:]), "source=3 and target=41 are records: give their dataset_dir"),
        (("ckpt_path=AE", "dataset_dir=DATASET", "output_dir=steps"), "source is not given, target is not"),
        (
            ("ckpt_path=AE", "scenarios=two.csv", *RECORDS),
            "scenarios=two.csv .* leave out source, target",
        ),
        (("ckpt_path=CVAE", "scenarios=one.csv", "output_dir=steps"), "one.csv: has 1 rows; give two"),
        (("ckpt_path=CVAE", "scenarios=no.csv", "output_dir=steps"), "scenarios=no.csv: cannot be read"),
        (
            (
                "ckpt_path=CVAE",
                *(f"source.{text}" for text in (*REQUEST, "magnitude=9", "station=ADVT")),
                *(f"target.{text}" for text in (*REQUEST, "magnitude=2", "station=ADVT")),
                "output_dir=steps",
            ),
            "source.magnitude=9 is far beyond the training data",
        ),
        (("ckpt_path=CVAE", "source.magnitude=3", "output_dir=steps"), "also needs source.latitude_deg"),
        (
            ("ckpt_path=CVAE", "source.magnitude=big", "output_dir=steps"),
            "source.magnitude=big: give a num",
        ),
        (("ckpt_path=VAE", "scenarios=two.csv", "output_dir=steps"), "holds a VAE, which knows no condition"),
        (("ckpt_path=AE", "source.seed=1", "output_dir=steps"), "AE has no prior to draw requests from"),
        (("ckpt_path=AE", *RECORDS[:-1], "output_dir=."), "output_dir=. is occupied"),
    ],
)
def test_what_cannot_be_joined_is_refused(
    run: Callable[..., Path], tmp_path: Path, overrides: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SystemExit, match=message) as refusal:
        run(*overrides)
    assert str(refusal.value).startswith("error: ")
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "steps").exists()
