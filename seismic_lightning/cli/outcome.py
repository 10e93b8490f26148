"""What a run came to, kept in its folder as ``outcome.json``, whoever launched it and wherever it ran.

A run that was killed leaves no outcome; whether it still runs is told by the lock it holds. So a sweep can be
taken up again from its folders alone, and no job runs twice at a time or again after it is done.
"""

import json
import logging
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from seismic_lightning.cli.processes import announce, is_first_process
from seismic_lightning.errors import PrunedError, SeismicLightningError, SweepError
from seismic_lightning.storage import write_atomically

FINISHED, FAILED, PRUNED = "finished", "failed", "pruned"
RUNNING, KILLED, NOT_RUN = "running", "killed", "not run"
DONE = (FINISHED, PRUNED)
"""States in which a job of a sweep is left alone."""
OUTCOME, STARTED, LOCK, STOPPED = "outcome.json", "started.json", ".lock", "stopped"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What a training that came to its end has to tell.

    Attributes:
        monitor: Name of the metric that decided which checkpoint is best.
        score: Its best value.
        metrics: Metrics of the test split at that checkpoint.
        best_checkpoint: The file; None where none was written.
    """

    monitor: str
    score: float
    metrics: dict[str, float] = field(default_factory=dict)
    best_checkpoint: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        state: ``finished``, ``failed`` or ``pruned``.
        duration_s: Wall time of the process that ended the run.
        ended: Moment (UTC, ISO 8601).
        result: Of a finished run.
        error: Why a run failed or was pruned, in one line.
    """

    state: str
    duration_s: float
    ended: str
    result: Result | None = None
    error: str | None = None


def run_recorded(task: Callable[[DictConfig], Result], config: DictConfig) -> float | None:
    """Run a task and keep in its folder how it ended.

    A job of a sweep goes on from its own last checkpoint, is left alone when it is done already, and is not
    begun after another has failed where ``on_failure=stop``.

    Args:
        task: What is to be run.
        config: Its configuration, with ``paths.run_dir`` and ``on_failure``.

    Returns:
        The score; None for a job that was pruned or not begun.
    """
    if not is_first_process():
        return task(config).score
    run_dir = Path(config.paths.run_dir)
    announce(run_dir)
    with _held(run_dir / LOCK):
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            known = read_outcome(run_dir)
            if known is not None and known.state in DONE:
                return known.result.score if known.result else None
            if (run_dir.parent / STOPPED).is_file():
                return None
            if (run_dir / "checkpoints" / "last.ckpt").is_file():
                config.ckpt_path = "last"
        elif config.resume:
            log.warning("resume=true has no effect without -m: ckpt_path=last goes on with a single run.")
        return _run(task, config, run_dir)


def _run(task: Callable[[DictConfig], Result], config: DictConfig, run_dir: Path) -> float | None:
    (run_dir / OUTCOME).unlink(missing_ok=True)
    start = {"started": _now(), "host": platform.node(), "process": os.getpid()}
    write_atomically(run_dir / STARTED, json.dumps(start).encode())
    tic = time.monotonic()

    def end(state: str, result: Result | None = None, error: str | None = None) -> None:
        ended = Outcome(state, time.monotonic() - tic, _now(), result, error)
        write_atomically(run_dir / OUTCOME, json.dumps(asdict(ended), indent=1).encode())

    try:
        result = task(config)
    except PrunedError as pruned:
        log.info("Pruned: %s", pruned)
        end(PRUNED, error=str(pruned))
        return None
    except Exception as error:
        known = isinstance(error, SeismicLightningError)
        log.debug("The run failed.", exc_info=not known)
        end(FAILED, error=" ".join((str(error) if known else f"{type(error).__name__}: {error}").split()))
        if config.on_failure == "stop" and HydraConfig.get().mode == RunMode.MULTIRUN:
            (run_dir.parent / STOPPED).touch()
        raise
    end(FINISHED, result)
    return result.score


def read_outcome(run_dir: Path) -> Outcome | None:
    """Return how a run ended; None for one that has not, or was killed.

    Args:
        run_dir: Folder of the run.

    Raises:
        SweepError: The file is damaged.
    """
    path = run_dir / OUTCOME
    try:
        stored = json.loads(path.read_bytes())
        result = stored.pop("result")
        return Outcome(**stored, result=None if result is None else Result(**result))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SweepError(f"{path} is damaged ({error}); remove it to run that job again.") from error


def state_of(run_dir: Path) -> str:
    """Return the state of a run: how it ended, or whether it still runs.

    Args:
        run_dir: Folder of the run.

    Raises:
        SweepError: Its outcome is damaged.
    """
    outcome = read_outcome(run_dir)
    if outcome is not None:
        return outcome.state
    if not (run_dir / STARTED).is_file():
        return NOT_RUN
    lock = FileLock(run_dir / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return RUNNING
    except OSError:
        return KILLED  # a folder of somebody else, or on a disk without locks
    lock.release()
    return KILLED


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold a lock that the system takes back when the process dies; wait for the process that has it."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        log.warning("Another process is running %s; waiting for its end.", path.parent)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
