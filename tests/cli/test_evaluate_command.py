"""``seismic-evaluate`` as a user types it."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from seismic_lightning.cli.evaluate import main as evaluate
from seismic_lightning.cli.train import main as train

pytestmark = pytest.mark.usefixtures("own_folder")


def test_a_trained_model_is_judged(
    run_command: Callable[..., None], dataset_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ("data=dataset", f"dataset_dir={dataset_dir}", "preprocess=fixed_band")
    run_command(train, *data, "model=cvae", "debug=fast", "trainer=cpu", "logger=none")
    brief = ("subset=train", "max_records=24", "max_training_records=32", "n_draws=2")
    run_command(evaluate, "ckpt_path=last", f"dataset_dir={dataset_dir}", *brief)
    said = capsys.readouterr().out
    assert "ML closure slope" in said
    assert "records of the dataset were recorded at less than" in said
    (folder,) = (tmp_path / "outputs" / "evaluate").iterdir()
    budget = pd.read_csv(folder / "budget.csv")
    assert "conditional generation" in set(budget["row"])
    content = json.loads((folder / "evaluation.json").read_text())
    assert content["about"]["model"] == "CVAE"
    assert content["about"]["max_records"] == 24
    assert len(content["budget"]) == len(budget)
    assert (folder / "report.html").stat().st_size > 10_000
    assert list((folder / "tensorboard").glob("events.out.tfevents.*"))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ((), "seismic-evaluate needs ckpt_path=.* and dataset_dir="),
        (("dataset_dir=DATASET",), "seismic-evaluate needs ckpt_path="),
        (("ckpt_path=none.ckpt", "dataset_dir=DATASET"), "ckpt_path=none.ckpt is no file"),
        (("ckpt_path=foreign.ckpt", "dataset_dir=DATASET"), "foreign.ckpt: does not say what data"),
        (("ckpt_path=foreign.ckpt", "dataset_dir=nowhere"), "dataset_dir=nowhere holds no dataset"),
        (("ckpt_path=foreign.ckpt", "dataset_dir=DATASET", "phase=best"), "phase=best: choose one of normal"),
        (
            ("ckpt_path=foreign.ckpt", "dataset_dir=DATASET", "seed=-1"),
            "seed=-1, .*give numbers of 0 or more",
        ),
        (("ckpt_path=foreign.ckpt", "dataset_dir=DATASET", "max_records=0"), "max_records=0: give 1 or more"),
        (("ckpt_path=foreign.ckpt", "dataset_dir=DATASET", "device=abacus"), "device=abacus cannot be used"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    refuses: Callable[..., None], overrides: tuple[str, ...], message: str
) -> None:
    refuses(evaluate, overrides, message)
