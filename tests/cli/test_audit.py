"""``seismic-audit`` as a user types it."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from support.leaks import leaky

from seismic_lightning.cli.audit import main as audit
from seismic_lightning.cli.train import main as train

CHECKS = [
    "events across splits",
    "same event under two ids",
    "shared recordings",
    "copied waveforms",
    "near copies",
    "dataset of the checkpoint",
    "scale of spectrograms",
    "scales of conditions",
    "station vocabulary",
    "magnitude in the filter",
    "place of P in the window",
]
OF_CHECKPOINT = CHECKS[5:9]


pytestmark = pytest.mark.usefixtures("own_folder")


def written(tmp_path: Path) -> dict[str, str]:
    """Return the verdicts of the newest audit by check, after a look at both of its files."""
    folder = max((tmp_path / "outputs" / "audit").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    findings = json.loads((folder / "audit.json").read_text())["findings"]
    with (folder / "audit.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == findings
    return {finding["what"]: finding["verdict"] for finding in findings}


def test_a_sound_dataset_passes_with_a_word_on_its_filter(
    run_command: Callable[..., None], dataset_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(audit, f"dataset_dir={dataset_dir}")
    said = capsys.readouterr().out
    assert "events across splits" in said
    assert "audit.csv and audit.json are in" in said
    verdicts = written(tmp_path)
    assert list(verdicts) == [name for name in CHECKS if name not in OF_CHECKPOINT]
    assert {name for name, verdict in verdicts.items() if verdict == "warning"} == {"magnitude in the filter"}
    run_command(audit, f"dataset_dir={dataset_dir}", "preprocess=fixed_band")
    assert set(written(tmp_path).values()) == {"ok", "note"}


def test_a_leak_ends_in_one_line_and_exit_code_1(
    run_command: Callable[..., None], dataset_dir: Path, tmp_path: Path
) -> None:
    def edit(table: pd.DataFrame) -> None:
        event = table["source_id"].mode()[0]
        table.loc[table.index[table["source_id"] == event][0], "split"] = "test"
        table.loc[table.index[table["source_id"] == event][1:], "split"] = "train"

    leaky(dataset_dir, tmp_path / "leak", edit)
    with pytest.raises(SystemExit, match=r"^error: 1 of 7 checks failed: events across splits; see"):
        run_command(audit, "dataset_dir=leak")
    assert written(tmp_path)["events across splits"] == "error"


@pytest.mark.parametrize(("preprocess", "failed"), [("fixed_band", False), ("marmara", True)])
def test_a_trained_model_is_audited(
    preprocess: str, failed: bool, run_command: Callable[..., None], dataset_dir: Path, tmp_path: Path
) -> None:
    data = ("data=dataset", f"dataset_dir={dataset_dir}", f"preprocess={preprocess}")
    run_command(train, *data, "model=cvae", "debug=fast", "trainer=cpu", "logger=none")
    command = (audit, f"dataset_dir={dataset_dir}", "ckpt_path=last")
    if failed:
        with pytest.raises(SystemExit, match="1 of 11 checks failed: magnitude in the filter"):
            run_command(*command)
    else:
        run_command(*command)
    verdicts = written(tmp_path)
    assert list(verdicts) == CHECKS
    assert {verdicts[name] for name in OF_CHECKPOINT} == {"ok"}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ((), "seismic-audit needs dataset_dir="),
        (("dataset_dir=nowhere",), "dataset_dir=nowhere holds no dataset"),
        (("dataset_dir=DATASET", "seed=-1"), "seed=-1 cannot be used"),
        (("dataset_dir=DATASET", "ckpt_path=none.ckpt"), "ckpt_path=none.ckpt is no file"),
        (("dataset_dir=DATASET", "ckpt_path=foreign.ckpt"), "foreign.ckpt: does not say what data"),
        (("dataset_dir=DATASET", "ckpt_path=text.ckpt"), "text.ckpt: is damaged or no checkpoint"),
        (("dataset_dir=DATASET", "ckpt_path=last", "preprocess=none"), "preprocess=none: with ckpt_path"),
        (("dataset_dir=DATASET", "preprocess=nonne"), "preprocess=nonne does not exist"),
    ],
)
def test_what_cannot_be_audited_is_refused(
    refuses: Callable[..., None], overrides: tuple[str, ...], message: str
) -> None:
    refuses(audit, overrides, message)
