import torch

from seismic_lightning.models.means import EpochMeans
from seismic_lightning.models.objective import objective


def test_sums_stay_float32_where_half_precision_would_overflow() -> None:
    spectrogram = torch.full((1, 3, 129, 110), 4.0, dtype=torch.float16)
    parts = objective(-spectrogram, spectrogram, torch.zeros(1, 0, dtype=torch.float16), beta=1.0)
    assert parts.loss.dtype == torch.float32
    assert parts.loss.item() == 64.0 * spectrogram.numel()
    assert parts.mse.item() == 64.0


def test_epoch_means_weigh_records_not_batches() -> None:
    means = EpochMeans()
    assert means.named("val") == {}
    for n_records, error in ((4, 1.0), (1, 6.0)):
        zeros = torch.zeros(n_records, 3, 2, 2)
        means.add(objective(zeros + error**0.5, zeros, torch.ones(n_records, 2), beta=0.5)._asdict())
    named = means.named("val")
    assert set(named) == {"val/loss", "val/reconstruction", "val/kl", "val/mse"}
    torch.testing.assert_close(named["val/mse"], torch.tensor(2.0))
    torch.testing.assert_close(named["val/kl"], torch.tensor(2.0))
    torch.testing.assert_close(named["val/loss"], named["val/reconstruction"] + 0.5 * named["val/kl"])


def test_epoch_means_weigh_records_of_all_processes_alike() -> None:
    processes = EpochMeans(), EpochMeans()
    for means, n_records, error in zip(processes, (4, 1), (1.0, 6.0), strict=True):
        zeros = torch.zeros(n_records, 3, 2, 2)
        means.add(objective(zeros + error**0.5, zeros, torch.ones(n_records, 2), beta=0.5)._asdict())

    def add_the_other(sums: torch.Tensor) -> torch.Tensor:
        processes[1].named("val", lambda others: sums.add_(others))
        return sums

    named = processes[0].named("val", add_the_other)
    torch.testing.assert_close(named["val/mse"], torch.tensor(2.0))
