"""Sweeps that can be taken up again: every job keeps its number and its folder, whichever launcher runs it.

Hydra's own sweeper ends at the first failure it sees and numbers anew each time. Here each job is told its
folder, the jobs themselves record how they ended, and the sweep reads that from the folders: a job that is
done is never launched again, one that failed or was killed is.
"""

import logging
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf
from rich.table import Table

from seismic_lightning.cli.console import say
from seismic_lightning.cli.outcome import DONE, FAILED, FINISHED, KILLED, NOT_RUN, PRUNED, STOPPED
from seismic_lightning.cli.sweep_folder import (
    alone_in,
    identity,
    job_error,
    job_state,
    make_ready,
    name_of,
    open_folder,
    was_begun,
)
from seismic_lightning.errors import ConfigurationError, SeismicLightningError, SweepError

log = logging.getLogger(__name__)


class ResumableSweeper(Sweeper):  # type: ignore[misc] # Hydra has no types
    """What all our sweepers share; a child says which jobs there are.

    Attributes:
        folder: Folder of the sweep.
    """

    tunable: tuple[str, ...] = ()
    """Settings that may change between a sweep and its resumption."""

    def __init__(self, params: Mapping[str, str] | None = None) -> None:
        """Keep what a preset sweeps over.

        Args:
            params: Values by setting, as they would be typed.
        """
        self._params = dict(params or {})

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Find the folder, then the launcher, which writes into it.

        Args:
            hydra_context: Hydra's own.
            task_function: What a job runs.
            config: The composed configuration of the sweep.

        Raises:
            SweepError: The folder cannot be used.
        """
        self.hydra_context, self.config = hydra_context, config
        check_launcher(config)
        self.folder = open_folder(config, identity(config, *self.tunable))
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Run what is left of the sweep and say what failed.

        Args:
            arguments: What the user typed, without Hydra's own settings.

        Raises:
            SweepError: Jobs failed; the others are done.
        """
        params = [f"{name}={value}" for name, value in self._params.items()]
        typed = [word for word in arguments if name_of(word) != "resume"]
        overrides = OverridesParser.create(self.hydra_context.config_loader).parse_overrides(
            [*params, *typed]
        )
        OmegaConf.save(self.config, self.folder / "multirun.yaml")
        say(f"sweep            {self.folder}")
        try:
            with alone_in(self.folder):
                jobs = self.run(overrides)
        except (SystemExit, KeyboardInterrupt):
            log.error("The sweep was interrupted; the same command with resume=true goes on.")
            raise
        self._conclude(jobs)

    @abstractmethod
    def run(self, overrides: list[Override]) -> dict[int, list[str]]:
        """Run every job that is not done.

        Args:
            overrides: What a preset and the user sweep over.

        Returns:
            Overrides of every job by its number.
        """

    def launch(self, jobs: Mapping[int, Sequence[str]]) -> None:
        """Run jobs in the launcher, in their own folders; how each ended is then in its folder.

        A launcher that loses a worker gives up all jobs that have not begun: these are launched again.

        Args:
            jobs: Overrides by number.

        Raises:
            SweepError: The launcher cannot launch anything.
        """
        waiting = dict(jobs)
        while waiting and not (self.folder / STOPPED).is_file():
            for number in waiting:
                make_ready(self.folder, number)
            batch = [[*words, f"hydra.sweep.subdir='{number}'"] for number, words in waiting.items()]
            try:
                self.launcher.launch(batch, initial_job_idx=min(waiting))
                return
            except (SeismicLightningError, HydraException):
                raise
            except Exception as error:
                left = {
                    number: words for number, words in waiting.items() if not was_begun(self.folder, number)
                }
                if len(left) == len(waiting):
                    choice = self.config.hydra.runtime.choices["hydra/launcher"]
                    raise SweepError(f"hydra/launcher={choice} cannot launch: {_one_line(error)}") from error
                log.error("The launcher lost a job: %s", _one_line(error))
                waiting = left if self.config.on_failure == "continue" else {}

    def _conclude(self, jobs: Mapping[int, Sequence[str]]) -> None:
        """Count the states, list what is not done, and let the command fail where anything is not."""
        states = {number: job_state(self.folder, number) for number in jobs}
        kinds = (FINISHED, PRUNED, FAILED, KILLED, NOT_RUN)
        counts = [f"{count} {kind}" for kind in kinds if (count := list(states.values()).count(kind))]
        say(
            f"jobs             {', '.join(counts)} of {len(jobs)}",
            f"table            seismic-runs runs_dir={self.folder}",
        )
        undone = {number: state for number, state in states.items() if state not in DONE}
        if not undone:
            return
        table = Table("job", "state", "overrides", "error")
        for number, state in undone.items():
            shown = " ".join(word for word in jobs[number] if not word.startswith("hydra."))
            table.add_row(str(number), state, shown, job_error(self.folder, number) or "")
        say(table)
        errors = (job_error(self.folder, number) for number in undone)
        first = next((error for error in errors if error), "killed from outside")
        raise SweepError(
            f"{len(undone)} of {len(jobs)} jobs of {self.folder} are not done; resume=true tries them again. "
            f"The first error: {first}"
        )


class GridSweeper(ResumableSweeper):
    """Every combination of the given values, once each."""

    def run(self, overrides: list[Override]) -> dict[int, list[str]]:
        """Run every job that is not done; see ``ResumableSweeper``."""
        jobs = dict(enumerate(BasicSweeper.split_arguments(overrides, None)[0]))
        waiting = {
            number: words for number, words in jobs.items() if job_state(self.folder, number) not in DONE
        }
        self.validate_batch_is_legal(list(waiting.values()))
        if len(waiting) < len(jobs):
            log.info("%d of %d jobs are done already.", len(jobs) - len(waiting), len(jobs))
        self.launch(waiting)
        return jobs


def check_launcher(config: DictConfig) -> None:
    """Refuse options that the chosen launcher does not have; joblib would take them in silence.

    Args:
        config: The composed configuration of the sweep.

    Raises:
        ConfigurationError: Naming them, and the options there are.
    """
    kind = OmegaConf.get_type(config.hydra.launcher)
    if kind is None or not is_dataclass(kind):
        return
    known = {field.name for field in fields(kind)}
    unknown = sorted(str(name) for name in config.hydra.launcher if name not in known)
    if unknown:
        choice = config.hydra.runtime.choices["hydra/launcher"]
        options = ", ".join(sorted(known - {"_target_"}))
        raise ConfigurationError(
            f"hydra.launcher.{unknown[0]} is no option of hydra/launcher={choice}; options: {options}."
        )


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]
