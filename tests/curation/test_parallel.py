"""Whatever runs the tasks, and however they are cut, the records are the same."""

import os
import signal
from pathlib import Path

import pytest

from seismic_lightning.curation import parallel, task
from seismic_lightning.curation.build import curate
from seismic_lightning.curation.layout import FileName
from seismic_lightning.curation.measure import Candidate
from seismic_lightning.curation.settings import (
    CurationSettings,
    ParallelSettings,
    SelectionSettings,
    WindowSettings,
)
from seismic_lightning.errors import ConfigurationError, DatasetError
from seismic_lightning.records.catalogue import Event

SHORT = CurationSettings(window=WindowSettings(length_s=20.0), select=SelectionSettings(min_snr=0.0))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_workers_of_dask_make_the_same_dataset(archive_dir: Path, dataset_dir: Path, tmp_path: Path) -> None:
    curate(archive_dir, tmp_path / "a", SHORT, n_workers=2, parallel=ParallelSettings("dask"))
    assert content(tmp_path / "a") == content(dataset_dir)


def test_a_scheduler_that_does_not_answer_is_named(
    archive_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "CONNECTION_TIMEOUT_S", 0.5)
    settings = ParallelSettings("dask", "tcp://127.0.0.1:9")
    with pytest.raises(ConfigurationError, match=r"scheduler_address=tcp://127.0.0.1:9: no Dask scheduler"):
        list(parallel.in_order(sum, [((1, 2),)], 1, settings))


def be_killed(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_is_an_error_with_a_remedy() -> None:
    with pytest.raises(DatasetError, match=r"one of n_workers=2 processes was killed.*fewer n_workers"):
        list(parallel.in_order(be_killed, [(number,) for number in range(4)], 2, ParallelSettings()))


def test_backends_that_do_not_exist_or_do_not_apply_are_named() -> None:
    with pytest.raises(ConfigurationError, match=r"backend='ray': give one of loky, dask"):
        ParallelSettings("ray")
    with pytest.raises(ConfigurationError, match="needs parallel=dask"):
        ParallelSettings("loky", "tcp://127.0.0.1:9")


def test_tasks_cover_all_candidates_in_order_and_never_cut_an_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = [Event(f"e{number}", 0, 0.0, 0.0, 0.0, 1.0, "ML") for number in range(40)]
    candidates = [
        Candidate(f"{event.event_id}_{station}", FileName(event.event_id, ("S",), "HH"), event, ())
        for event in events
        for station in range(1 + int(event.event_id[1:]) % 7)
    ]
    monkeypatch.setattr(task, "N_TASKS", 10)
    monkeypatch.setattr(task, "FEWEST_CANDIDATES", 1)
    tasks = list(task.cut_into_tasks(candidates))
    assert [candidate for part in tasks for candidate in part] == candidates
    assert len(tasks) == 9
    found = [{candidate.event.event_id for candidate in part} for part in tasks]
    assert sum(map(len, found)) == len(set().union(*found)) == 40
