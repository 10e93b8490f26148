"""A trial reports to its study, is pruned by the median, and reports nothing twice."""

from pathlib import Path

import optuna

from seismic_lightning.cli.study import Trial, open_study, trial_reporter, write_trial


def test_a_trial_worse_than_the_median_is_ended_and_a_better_one_is_not(tmp_path: Path) -> None:
    study = open_study(tmp_path / "study.db")
    for value in (1.0, 2.0, 3.0):
        study.add_trial(
            optuna.trial.create_trial(value=value, intermediate_values={0: value + 1.0, 1: value})
        )
    for value, ends in ((2.9, False), (3.1, True)):
        trial = study.ask()
        write_trial(tmp_path / "0", Trial(str(tmp_path / "study.db"), trial._trial_id, 3, 0))
        report = trial_reporter(tmp_path / "0")
        assert report is not None
        assert report(0, value) is ends
        again = trial_reporter(tmp_path / "0")  # the job was killed and tells the epoch again
        assert again is not None
        assert again(0, value) is ends
        assert study.trials[-1].intermediate_values == {0: value}


def test_a_run_that_is_no_trial_reports_to_nobody(tmp_path: Path) -> None:
    assert trial_reporter(tmp_path) is None
