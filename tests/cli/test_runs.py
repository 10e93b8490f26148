"""The table of runs agrees with the folders, and its means with the statistics module."""

import csv
import math
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from support.fake_training import main as fake_main

from seismic_lightning.cli.run_table import csv_text, markdown
from seismic_lightning.cli.runs import main

RunCommand = Callable[..., None]


@pytest.fixture
def swept(tmp_path: Path, run_command: RunCommand) -> Path:
    """Return the folder of a sweep over two betas and three seeds; those of one beta failed."""
    (tmp_path / "fail_3").touch()
    where = (f"output_dir={tmp_path}", f"hydra.sweep.dir={tmp_path}/sweep")
    with pytest.raises(SystemExit):
        run_command(fake_main, "-m", "model=ae", "beta=2,3", "seed=0,1,2", *where)
    return tmp_path / "sweep"


def test_one_row_a_run_and_one_of_the_seeds(
    swept: Path, run_command: RunCommand, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("outcome.json", "started.json"):
        (swept / "5" / name).unlink()
    (swept / "4" / "outcome.json").unlink()
    with FileLock(swept / "4" / ".lock"):
        run_command(main, f"runs_dir={swept}", f"output_dir={swept.parent}")
    said = capsys.readouterr().out
    with (swept / "runs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["run"] for row in rows] == list("012345")
    assert [row["state"] for row in rows] == ["finished"] * 3 + ["failed", "running", "not run"]
    assert {row["overrides"] for row in rows} == {"beta=2", "beta=3"}
    assert [row["seed"] for row in rows] == list("012012")
    scores = [math.log(2) ** 2 + 0.01 * seed for seed in range(3)]
    assert [float(row["score"]) for row in rows[:3]] == pytest.approx(scores)
    assert rows[0]["commit"] == "012345678"
    assert rows[3]["error"] == "RuntimeError: beta 3 is not to be"
    assert rows[0]["best checkpoint"] == f"{swept}/0/checkpoints/best.ckpt"
    with (swept / "seeds.csv").open() as file:
        (means,) = list(csv.DictReader(file))
    assert means["seeds"] == "3"
    assert means["score"] == f"{statistics.fmean(scores):.4g} ± {statistics.stdev(scores):.2g}"
    assert means["score"] in said
    assert means["score"] in (swept / "runs.md").read_text()


def test_runs_of_another_recipe_are_no_repetitions(tmp_path: Path, run_command: RunCommand) -> None:
    where = f"output_dir={tmp_path}"
    for number, override in enumerate(("seed=0", "seed=1", "stft=fast", "optimizer.lr=0.1")):
        run_command(fake_main, where, f"hydra.run.dir={tmp_path}/{number}", override, f"seed={number}")
    run_command(main, f"runs_dir={tmp_path}", where)
    with (tmp_path / "seeds.csv").open() as file:
        assert [row["seeds"] for row in csv.DictReader(file)] == ["2"]


def test_a_table_is_harmless_in_a_spreadsheet_and_in_markdown() -> None:
    rows = [{"overrides": "=1+1", "error": "a|b", "score": -1.0, "empty": None}]
    assert csv_text(rows) == "overrides,error,score,empty\n'=1+1,a|b,-1.0,\n"  # type: ignore[arg-type]
    assert markdown(rows).splitlines()[2] == r"| =1+1 | a\|b | -1 |"  # type: ignore[arg-type]


def test_a_folder_without_runs_or_with_a_damaged_one_is_refused(
    swept: Path, tmp_path: Path, run_command: RunCommand
) -> None:
    where = f"output_dir={tmp_path}"
    with pytest.raises(SystemExit, match="is no folder"):
        run_command(main, f"runs_dir={tmp_path}/absent", where)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match="no training has left"):
        run_command(main, f"runs_dir={tmp_path}/empty", where)
    (swept / "1" / "run.json").write_text("{")
    with pytest.raises(SystemExit, match=r"1/run\.json is damaged"):
        run_command(main, f"runs_dir={swept}", where)
