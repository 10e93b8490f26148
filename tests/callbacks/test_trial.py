"""A trial tells its metric once an epoch, and ends as pruned when told to."""

import math
from pathlib import Path

import pytest
from support.fake_datamodule import FakeDataModule
from support.training import quiet_trainer, small

from seismic_lightning.callbacks.trial import TrialReport
from seismic_lightning.errors import PrunedError


def test_every_epoch_is_told_until_the_end_is_asked_for(tmp_path: Path) -> None:
    told: list[tuple[int, float]] = []

    def report(epoch: int, value: float) -> bool:
        told.append((epoch, value))
        return epoch == 2

    trainer = quiet_trainer(tmp_path, TrialReport("val/loss", report), max_epochs=5, num_sanity_val_steps=1)
    with pytest.raises(PrunedError, match=r"val/loss = .* in epoch 2"):
        trainer.fit(small(), FakeDataModule())
    assert [epoch for epoch, _ in told] == [0, 1, 2]
    assert all(math.isfinite(value) for _, value in told)
    assert told[2][1] == pytest.approx(float(trainer.callback_metrics["val/loss"]))


def test_a_metric_that_nobody_logs_is_not_told(tmp_path: Path) -> None:
    def report(epoch: int, value: float) -> bool:
        raise AssertionError

    quiet_trainer(tmp_path, TrialReport("val/los", report)).fit(small(), FakeDataModule())
