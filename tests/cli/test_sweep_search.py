"""A search goes on where it was, keeps its numbers, and its database agrees with its folders."""

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from optuna.distributions import BaseDistribution, FloatDistribution
from support.fake_training import ledger, main

from seismic_lightning.cli.outcome import read_outcome, state_of
from seismic_lightning.cli.study import open_study

SEARCH = (
    "sweep=optuna_beta", "hydra.sweeper.n_startup_trials=3", "hydra.sweeper.n_warmup_epochs=0", "seed=7",
)  # fmt: skip
Search = Callable[..., Path]


@pytest.fixture
def search(tmp_path: Path, run_command: Callable[..., None]) -> Search:
    """Return a function that searches beta with fake trainings, and returns the folder."""

    def run(n_trials: int, *overrides: str, root: Path = tmp_path) -> Path:
        where = (f"output_dir={root}", f"hydra.sweep.dir={root}/sweep")
        run_command(main, *SEARCH, *where, f"hydra.sweeper.n_trials={n_trials}", *overrides)
        return root / "sweep"

    return run


def betas(folder: Path) -> list[float]:
    study = open_study(folder / "study.db")
    return [trial.params["beta"] for trial in study.get_trials()]


def test_a_search_taken_up_again_asks_what_it_would_have_asked(search: Search, tmp_path: Path) -> None:
    whole = search(5, root=tmp_path / "whole")
    parts = search(4, root=tmp_path / "parts")
    search(5, "resume=true", root=tmp_path / "parts")
    assert betas(parts) == betas(whole)
    assert all(0.01 <= beta <= 10 for beta in betas(whole))
    assert len(set(betas(whole))) == 5
    states = [state_of(whole / str(number)) for number in range(5)]
    for trial, state in zip(open_study(whole / "study.db").get_trials(), states, strict=True):
        assert trial.state.name == {"finished": "COMPLETE", "pruned": "PRUNED"}[state]
        outcome = read_outcome(whole / str(trial.number))
        assert outcome is not None
        assert trial.value == (outcome.result.score if outcome.result else trial.value)


def test_a_failed_trial_is_tried_again_under_its_number(search: Search, tmp_path: Path) -> None:
    beta = betas(search(1, root=tmp_path / "first"))[0]
    root = tmp_path / "second"
    root.mkdir()
    (root / f"fail_{beta:g}").touch()
    with pytest.raises(SystemExit, match="1 of 3 jobs"):
        search(3, root=root)
    (root / f"fail_{beta:g}").unlink()
    folder = search(3, "resume=true", root=root)
    assert [line[0] for line in ledger(root)] == ["1", "2", "0"]
    states = [(trial.state.name, trial.user_attrs["job"]) for trial in open_study(folder / "study.db").trials]
    assert states == [("FAIL", 0), ("COMPLETE", 1), ("COMPLETE", 2), ("COMPLETE", 0)]
    assert ledger(root)[2][1] == f"{beta:g}"


def test_a_trial_killed_at_any_point_is_neither_lost_nor_counted_twice(
    search: Search, tmp_path: Path
) -> None:
    folder = search(2)
    study = open_study(folder / "study.db")
    space: dict[str, BaseDistribution] = {"beta": FloatDistribution(0.01, 10, log=True)}
    study.ask(space)  # killed before the trial had a number
    numbered = study.ask(space)
    numbered.set_user_attr("job", 2)  # killed before its job was launched
    search(3, "resume=true")
    assert [line[0] for line in ledger(tmp_path)] == ["0", "1", "2"]
    assert float(ledger(tmp_path)[2][1]) == pytest.approx(numbered.params["beta"], rel=1e-4)
    names = [trial.state.name for trial in open_study(folder / "study.db").trials]
    assert names == ["COMPLETE", "COMPLETE", "FAIL", "COMPLETE"]


def test_trials_launched_together_share_the_database(
    search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    joblib = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "hydra.sweeper.n_jobs=2")
    folder = search(4, *joblib)
    states = [trial.state.name for trial in open_study(folder / "study.db").trials]
    assert len(states) == 4
    assert set(states) <= {"COMPLETE", "PRUNED"}
    assert len(ledger(tmp_path)) == states.count("COMPLETE")


def test_a_damaged_database_is_one_line_before_any_job(search: Search, tmp_path: Path) -> None:
    database = search(1) / "study.db"
    whole = database.read_bytes()
    for damaged in (b"no database at all" * 100, whole[: len(whole) // 2], whole[:4096] + b"\xff" * 4096):
        database.write_bytes(damaged)
        with pytest.raises(SystemExit, match=r"study\.db is no sound database of a search") as stopped:
            search(2, "resume=true")
        assert "\n" not in str(stopped.value.code)
    database.unlink()
    with sqlite3.connect(database) as other:
        other.execute("CREATE TABLE records (x)")
    other.close()
    with pytest.raises(SystemExit, match="it holds no study"):
        search(2, "resume=true")
    database.unlink()
    with pytest.raises(SystemExit, match=r"study\.db is gone"):
        search(2, "resume=true")
    assert len(ledger(tmp_path)) == 1


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("hydra.sweeper.n_jobs=0",), r"hydra\.sweeper\.n_jobs=0: give 1 or more"),
        (("beta=tag(log, interval(0, 10))",), r"beta=tag\(log, interval\(0, 10\)\)"),
        (("beta=1",), "nothing to search"),
    ],
)
def test_a_search_that_makes_no_sense_is_one_line(
    overrides: tuple[str, ...], message: str, search: Search, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match=message) as stopped:
        search(2, *overrides)
    assert "\n" not in str(stopped.value.code)
    assert ledger(tmp_path) == []


def test_whole_numbers_and_choices_are_searched_too(search: Search) -> None:
    folder = search(4, "seed=int(interval(1, 3))", "model=choice(vae,cvae)", "beta=1", "hydra.sweeper.seed=3")
    params = [trial.params for trial in open_study(folder / "study.db").trials]
    assert {trial["model"] for trial in params} <= {"vae", "cvae"}
    assert {trial["seed"] for trial in params} <= {1, 2, 3}
