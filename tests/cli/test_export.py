"""``seismic-export`` and ``data=seisbench`` as a user types them."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from seismic_lightning.cli.export import main as export
from seismic_lightning.cli.train import main as train
from seismic_lightning.curation.store import open_dataset

pytestmark = pytest.mark.usefixtures("own_folder")


def test_one_command_writes_filtered_files_and_says_so(
    run_command: Callable[..., None], dataset_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(export, f"dataset_dir={dataset_dir}", "output_dir=filtered", "format=mseed", "subset=test")
    said = " ".join(capsys.readouterr().out.split())
    files = list((tmp_path / "filtered").rglob("*.mseed"))
    assert f"{len(files)} records preprocessed ({len(files)} test)" in said
    assert {path.name for path in tmp_path.iterdir()} == {"filtered", "filtered.lock", "outputs"}
    with pytest.raises(SystemExit, match="holds an export already"):
        run_command(export, f"dataset_dir={dataset_dir}", "output_dir=filtered")


def test_seisbench_leaves_raw_unless_told_otherwise_and_can_be_trained_on(
    run_command: Callable[..., None], dataset_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(export, f"dataset_dir={dataset_dir}", "output_dir=bench", "format=seisbench")
    assert f"{len(open_dataset(dataset_dir))} records as recorded" in capsys.readouterr().out
    run_command(
        export, f"dataset_dir={dataset_dir}", "output_dir=b", "format=seisbench", "preprocess=fixed_band"
    )
    assert f"{len(open_dataset(dataset_dir))} records preprocessed" in capsys.readouterr().out
    run_command(
        train,
        "data=seisbench",
        "dataset_dir=bench",
        "window.length_s=20",
        "select.min_snr=0",
        "debug=fast",
        "trainer=cpu",
        "logger=none",
    )
    (dataset,) = (tmp_path / "outputs" / "datasets").glob("*/metadata.parquet")
    assert len(pd.read_parquet(dataset)) == len(open_dataset(dataset_dir))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ((), "needs dataset_dir="),
        (("preprocess.sampling_rate_hz=50",), r"preprocess.sampling_rate_hz=50: .* set sampling_rate_hz="),
        (("preprocess.dtype=float32",), r"format\.encoding=float32"),
        (("format=segy",), r"format=segy does not exist.* Options: mseed, seisbench"),
        (("format.encoding=int8",), "format.encoding='int8': give float64 or float32"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    run_command: Callable[..., None], dataset_dir: Path, overrides: tuple[str, ...], message: str
) -> None:
    named = (f"dataset_dir={dataset_dir}", "output_dir=out") if overrides else ()
    with pytest.raises(SystemExit, match=message):
        run_command(export, *named, *overrides)


def test_a_dataset_that_nobody_named_is_asked_for(run_command: Callable[..., None]) -> None:
    with pytest.raises(SystemExit, match="data=seisbench needs dataset_dir="):
        run_command(train, "data=seisbench")
