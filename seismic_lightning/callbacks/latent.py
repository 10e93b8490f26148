r"""How many latent dimensions a model uses, what each of them pays, and how far the prior is from them all.

The divergences of single records say what the latent carries; they do not say whether the posteriors of all
records together fill the prior, which is what samples from the prior depend on. In the prior's units, where
posterior :math:`b` has mean :math:`m_b` and variance :math:`v_b`, that aggregate has the mean
:math:`\bar m` and the covariance :math:`S = \mathrm{cov}(m) + \mathrm{diag}(\bar v)`. The Gaussian with these
moments is

.. math:: \tfrac12 \left(\mathrm{tr} S + |\bar m|^2 - D - \log \det S\right)\ \text{nats}

away from the prior. The same formula serves a prior that differs between records.

References:
    Burda, Grosse & Salakhutdinov (2016), Importance weighted autoencoders, ICLR, arXiv:1509.00519, section
    5.2.
    Hoffman & Johnson (2016), ELBO surgery: yet another way to carve up the variational evidence lower bound,
    NeurIPS workshop on advances in approximate Bayesian inference.
"""

from typing import NamedTuple, cast

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities.types import STEP_OUTPUT
from torch import Tensor

from seismic_lightning.batch import Batch
from seismic_lightning.callbacks.access import writers

ACTIVE_KL_NATS = 0.01
"""A dimension whose mean divergence is below this tells the decoder nothing."""


class LatentSums(NamedTuple):
    """Sums over records, in float64.

    Attributes:
        n_records: ``()``.
        kl_nats: ``(D,)`` divergences.
        mean: ``(D,)`` posterior means in the prior's units.
        product: ``(D, D)`` products of these means.
        variance: ``(D,)`` posterior variances in the prior's units.
    """

    n_records: Tensor
    kl_nats: Tensor
    mean: Tensor
    product: Tensor
    variance: Tensor

    @classmethod
    def of(cls, kl_nats: Tensor, mean: Tensor, variance: Tensor) -> "LatentSums":
        """Sum over a batch, ``(B, D)`` each."""
        kl_nats, mean, variance = kl_nats.double(), mean.double(), variance.double()
        n_records = mean.new_full((), float(len(mean)))  # made where it is needed, not copied there
        return cls(n_records, kl_nats.sum(0), mean.sum(0), mean.T @ mean, variance.sum(0))

    def gap_nats(self) -> Tensor:
        """Return how far the Gaussian with the moments of the aggregate is from the prior."""
        mean = self.mean / self.n_records
        covariance = self.product / self.n_records - torch.outer(mean, mean)
        covariance = covariance + (self.variance / self.n_records).diag()
        distance = covariance.trace() + mean.square().sum() - len(mean)
        log_volume: Tensor = torch.linalg.slogdet(covariance).logabsdet
        return 0.5 * (distance - log_volume)


class LatentUse(Callback):
    """Log the divergence of each latent dimension over the validation split, and that of them all together.

    ``val/active_units`` counts the dimensions in use, ``val/prior_gap`` is the distance of the aggregate
    posterior from the prior in nats; TensorBoard also gets the histogram ``val/kl_per_dimension``. With few
    validation records the gap comes out too large: compare models on the same ones. A model without a prior
    logs nothing here.
    """

    def __init__(self) -> None:
        """Start without data."""
        self._sums: LatentSums | None = None

    def on_validation_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Forget the epoch before."""
        self._sums = None

    def on_validation_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: STEP_OUTPUT,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Add a batch."""
        found = cast(dict[str, Tensor], outputs)
        sums = LatentSums.of(found["kl"], found["standardised_mean"], found["standardised_variance"])
        if self._sums is not None:
            sums = LatentSums(*(before + new for before, new in zip(self._sums, sums, strict=True)))
        self._sums = sums

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the count, the gap and the histogram."""
        if self._sums is None or not len(self._sums.mean):
            return
        reduced = (trainer.strategy.reduce(part, reduce_op="sum") for part in self._sums)
        sums = LatentSums(*(cast(Tensor, part) for part in reduced))
        mean_kl_nats = (sums.kl_nats / sums.n_records).float()
        pl_module.log("val/active_units", (mean_kl_nats > ACTIVE_KL_NATS).float().sum())
        pl_module.log("val/prior_gap", sums.gap_nats().float())
        if trainer.sanity_checking:
            return
        for writer in writers(trainer):
            writer.add_histogram("val/kl_per_dimension", mean_kl_nats.cpu(), trainer.global_step)
