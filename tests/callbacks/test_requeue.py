"""A training near SLURM's limit is saved between two steps, queued again, and ends as if nothing was."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import LambdaCallback
from support.fake_datamodule import FakeDataModule
from support.training import quiet_trainer, small

from seismic_lightning.callbacks.requeue import Requeue

STEPS_PER_EPOCH = 4


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    """Leave the handlers of the test run as they were."""
    before = {number: signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def scontrol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be job 1234 of a SLURM whose ``scontrol`` writes down what it is told."""
    program, told = tmp_path / "bin" / "scontrol", tmp_path / "told"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >> {told}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("SLURM_JOB_ID", "1234")
    return program


def warned_in_backward_of(step: int) -> L.Callback:
    """Send the signal in the middle of a step, which counts from one."""

    def warn(trainer: L.Trainer, *_: object) -> None:
        if trainer.global_step + 1 == step:
            os.kill(os.getpid(), signal.SIGUSR1)

    return LambdaCallback(on_after_backward=warn)


def train(folder: Path, *more: L.Callback, **options: int) -> tuple[L.Trainer, L.LightningModule]:
    torch.manual_seed(0)
    model = small()
    trainer = quiet_trainer(folder, Requeue(folder), *more, max_epochs=2, **options)
    last = folder / "last.ckpt"
    trainer.fit(model, FakeDataModule(), ckpt_path=last if last.is_file() else None)
    return trainer, model


@pytest.mark.parametrize("n_batches_per_step", [1, 2])
@pytest.mark.parametrize("n_steps_more", [0, 1], ids=["at an epoch's end", "within an epoch"])
def test_a_warned_training_is_queued_again_and_ends_in_the_same_weights(
    scontrol: Path, tmp_path: Path, n_batches_per_step: int, n_steps_more: int
) -> None:
    per_epoch = STEPS_PER_EPOCH // n_batches_per_step
    step = per_epoch + n_steps_more
    options = {"accumulate_grad_batches": n_batches_per_step}
    whole, expected = train(tmp_path / "whole", **options)
    with pytest.raises(SystemExit) as ended:
        train(tmp_path, warned_in_backward_of(step), **options)
    assert ended.value.code == 0
    assert (tmp_path / "told").read_text() == "requeue 1234\n"
    assert torch.load(tmp_path / "last.ckpt", weights_only=True)["global_step"] == step
    resumed, model = train(tmp_path, **options)
    assert resumed.global_step == whole.global_step == 2 * per_epoch
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, expected.state_dict()[name]), name


def test_a_job_that_cannot_be_queued_again_trains_on_and_says_so(
    scontrol: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scontrol.write_text("#!/bin/sh\necho 'Requested operation is presently disabled' >&2\nexit 1\n")
    trainer, _ = train(tmp_path, warned_in_backward_of(3))
    assert trainer.global_step == 2 * STEPS_PER_EPOCH
    assert "1234 could not be queued again (Requested operation is presently disabled)" in caplog.text
    assert f"ckpt_path={tmp_path}/last.ckpt" in caplog.text


def test_a_task_of_an_array_is_queued_again_alone(
    scontrol: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "1234")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    with pytest.raises(SystemExit):
        train(tmp_path, warned_in_backward_of(2))
    assert (tmp_path / "told").read_text() == "requeue 1234_3\n"


def test_outside_slurm_and_in_a_rehearsal_the_signal_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    before = signal.getsignal(signal.SIGUSR1)
    train(tmp_path)
    monkeypatch.setenv("SLURM_JOB_ID", "1234")
    train(tmp_path, fast_dev_run=True)
    assert signal.getsignal(signal.SIGUSR1) == before
    assert not (tmp_path / "last.ckpt").exists()
