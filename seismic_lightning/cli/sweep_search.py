"""Search instead of a grid: each trial's settings are drawn in view of what the trials before it gave.

The study keeps what was asked for; how a job ended is read from its folder, as in every sweep. A job keeps
its number when it is tried again, though the study then counts one more trial.
"""

import logging
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.types import Override
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from seismic_lightning.cli.outcome import FINISHED, PRUNED, STOPPED, read_outcome
from seismic_lightning.cli.study import DATABASE, Trial, check_database, distribution, open_study, write_trial
from seismic_lightning.cli.sweep import ResumableSweeper
from seismic_lightning.errors import ConfigurationError

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

JOB = "job"
"""Attribute of a trial that holds the number of its job."""

log = logging.getLogger(__name__)


class SearchSweeper(ResumableSweeper):
    """The next values by what the last ones gave: Optuna's tree-structured Parzen estimator.

    References:
        Akiba et al. (2019), Optuna: A Next-generation Hyperparameter Optimization Framework,
        doi:10.1145/3292500.3330701.
    """

    tunable = ("n_trials", "n_jobs")

    def __init__(
        self,
        params: Mapping[str, str] | None = None,
        *,
        n_trials: int = 30,
        n_jobs: int = 1,
        n_startup_trials: int = 8,
        prune: bool = True,
        n_warmup_epochs: int = 5,
        seed: int = 0,
    ) -> None:
        """Keep the sizes of the search.

        Args:
            params: What to search, by setting, as it would be typed.
            n_trials: Jobs in all, those before a resumption included.
            n_jobs: Jobs launched together.
            n_startup_trials: Jobs drawn at random, and never pruned.
            prune: Whether jobs end early that fall behind the median of the others.
            n_warmup_epochs: Epochs of each job that are never pruned.
            seed: Of what is drawn.

        Raises:
            ConfigurationError: A count below 1.
        """
        super().__init__(params)
        for name, count in (("n_trials", n_trials), ("n_jobs", n_jobs)):
            if count < 1:
                raise ConfigurationError(f"hydra.sweeper.{name}={count}: give 1 or more.")
        self._n_trials, self._n_jobs = n_trials, n_jobs
        self._n_startup_trials, self._n_warmup_epochs = n_startup_trials, n_warmup_epochs
        self._prune, self._seed = prune, seed

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Find the folder and its database; see ``ResumableSweeper``."""
        super().setup(hydra_context=hydra_context, task_function=task_function, config=config)
        is_expected = any(self.folder.glob("*/trial.json"))
        check_database(self.folder / DATABASE, is_expected)

    def run(self, overrides: list[Override]) -> dict[int, list[str]]:
        """Run what is left of the search; see ``ResumableSweeper``."""
        by_name = {override.get_key_element(): override for override in overrides}  # the last word counts
        swept = {name: override for name, override in by_name.items() if override.is_sweep_override()}
        if not swept:
            raise ConfigurationError(
                "nothing to search: give a setting an interval, such as 'beta=tag(log, interval(0.1, 10))'."
            )
        self._space = {name: distribution(override) for name, override in swept.items()}
        self._fixed = {
            name: override.get_value_element_as_str()
            for name, override in by_name.items()
            if name not in swept
        }
        best = self.config.callbacks.get("best") or {}
        is_skill = best.get("mode") == "max"
        self._study = open_study(self.folder / DATABASE, "maximize" if is_skill else "minimize")
        unfinished = self._unfinished()
        while len(unfinished) and not self._is_stopped():
            batch, unfinished = unfinished[: self._n_jobs], unfinished[self._n_jobs :]
            self._do(batch)
        while (begun := len(self._latest())) < self._n_trials and not self._is_stopped():
            numbers = range(begun, min(begun + self._n_jobs, self._n_trials))
            self._do([self._ask(number) for number in numbers])
        return {number: self._words(trial.params) for number, trial in self._latest().items()}

    def _is_stopped(self) -> bool:
        return (self.folder / STOPPED).is_file()

    def _latest(self) -> "dict[int, FrozenTrial]":
        """Return the newest trial of each job."""
        trials = self._study.get_trials(deepcopy=False)
        newest = {trial.user_attrs[JOB]: trial for trial in trials if JOB in trial.user_attrs}
        return dict(sorted(newest.items()))

    def _unfinished(self) -> "list[FrozenTrial]":
        """Return the trials to be run again: killed ones as they are, failed ones as new ones of their jobs.

        A job that ended while nobody was there to tell the study is told now.
        """
        from optuna.trial import TrialState

        for trial in self._study.get_trials(deepcopy=False):
            if trial.state == TrialState.RUNNING and JOB not in trial.user_attrs:
                self._study.tell(trial.number, state=TrialState.FAIL)  # killed before it had a number
        for trial in self._latest().values():
            if trial.state == TrialState.RUNNING:
                self._tell(trial)
        for number, trial in self._latest().items():
            if trial.state == TrialState.FAIL:
                self._study.enqueue_trial(trial.params, user_attrs={JOB: number})
        n_waiting = sum(trial.state == TrialState.WAITING for trial in self._latest().values())
        for _ in range(n_waiting):
            self._study.ask(self._space)
        return [trial for trial in self._latest().values() if trial.state == TrialState.RUNNING]

    def _ask(self, number: int) -> "FrozenTrial":
        """Draw the settings of a new job; the draw is keyed by the seed and the number, and has no state."""
        import numpy as np
        from optuna.samplers import TPESampler

        key = int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])
        self._study.sampler = TPESampler(n_startup_trials=self._n_startup_trials, seed=key)
        trial = self._study.ask(self._space)
        trial.set_user_attr(JOB, number)
        return self._latest()[number]

    def _do(self, trials: "list[FrozenTrial]") -> None:
        """Launch trials, and tell the study what their folders say."""
        jobs = {}
        for trial in trials:
            number = trial.user_attrs[JOB]
            jobs[number] = self._words(trial.params)
            if self._prune:
                startup, warmup = self._n_startup_trials, self._n_warmup_epochs
                described = Trial(str(self.folder / DATABASE), trial._trial_id, startup, warmup)
                write_trial(self.folder / str(number), described)
        self.validate_batch_is_legal(list(jobs.values()))
        self.launch(jobs)
        for trial in trials:
            self._tell(trial)

    def _tell(self, trial: "FrozenTrial") -> None:
        """Pass on how a job ended; one that was killed stays open, and goes on when the sweep does."""
        from optuna.trial import TrialState

        outcome = read_outcome(self.folder / str(trial.user_attrs[JOB]))
        if outcome is None:
            return
        score = outcome.result.score if outcome.result else math.nan
        if outcome.state == FINISHED and math.isfinite(score):
            self._study.tell(trial.number, score)
        elif outcome.state == PRUNED:
            self._study.tell(trial.number, state=TrialState.PRUNED)
        else:
            self._study.tell(trial.number, state=TrialState.FAIL)

    def _words(self, params: Mapping[str, Any]) -> list[str]:
        return [f"{name}={value}" for name, value in {**self._fixed, **params}.items()]
