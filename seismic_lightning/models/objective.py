r"""What training minimises: reconstruction error plus weighted divergence, both summed over a record.

.. math:: L = \frac1B \sum_b \Big( \sum_{c,f,t} (\hat x - x)^2 + \beta \sum_d \mathrm{KL}_d \Big)

Both terms are sums over everything but the batch, so that beta means the same whatever the sizes of
spectrogram and latent: beta = 1 is, up to a constant, the evidence lower bound of a Gaussian decoder with
variance 1/2. Everything is summed in float32, whatever the precision of the layers.

Where the decoder's variance is learnt, its negative log-likelihood in nats takes the place of the squared
error,

.. math:: \tfrac12 \sum_{c,f,t} \Big( \frac{(\hat x - x)^2}{\sigma^2} + \log 2 \pi \sigma^2 \Big) .

With free bits a dimension whose mean divergence over the batch is below a threshold pays the threshold, and
nothing draws it closer to the prior.

References:
    Rybkin, Daniilidis & Levine (2021), Simple and effective VAE training with calibrated decoders, ICML, PMLR
    139, 9179-9189, arXiv:2006.13202.
    Kingma et al. (2016), Improved variational inference with inverse autoregressive flow, NeurIPS 29,
    arXiv:1606.04934, appendix C.8.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Objective(NamedTuple):
    """The loss of each record, and its parts.

    Attributes:
        loss: ``(B,)`` reconstruction + beta * KL, the latter at least the free bits.
        reconstruction: ``(B,)`` squared error, or negative log-likelihood in nats where a variance is learnt,
            summed over components, frequencies and frames.
        kl: ``(B,)`` divergence summed over latent dimensions, in nats.
        mse: ``(B,)`` squared error per element of the spectrogram, which does not depend on its size.
    """

    loss: Tensor
    reconstruction: Tensor
    kl: Tensor
    mse: Tensor


def objective(
    reconstruction: Tensor,
    spectrogram: Tensor,
    kl: Tensor,
    beta: float,
    *,
    variance: Tensor | None = None,
    free_bits: float = 0.0,
) -> Objective:
    """Compare a reconstruction with its original and add the price of the posterior.

    Args:
        reconstruction: ``(B, C, F, T)``.
        spectrogram: ``(B, C, F, T)``.
        kl: ``(B, D)`` nats per latent dimension; ``D`` may be 0.
        beta: Weight of the divergence.
        variance: Of the decoder, broadcasting to ``(C, F, T)``; None for the plain squared error.
        free_bits: Nats that every dimension pays at least, on the mean of the batch.

    Returns:
        The objective of every record, in float32.
    """
    squared = (reconstruction.float() - spectrogram.float()).square()
    error = squared.flatten(1).sum(1)
    fit = error if variance is None else negative_log_likelihood(squared, variance)
    kl = kl.float()
    paid = kl if free_bits == 0 else torch.where(kl.mean(0) > free_bits, kl, free_bits)
    return Objective(
        loss=fit + beta * paid.sum(1),
        reconstruction=fit,
        kl=kl.sum(1),
        mse=error / spectrogram[0].numel(),
    )


def negative_log_likelihood(squared: Tensor, variance: Tensor) -> Tensor:
    """Return minus the log density of records under independent Gaussians.

    Args:
        squared: ``(B, C, F, T)`` squared errors.
        variance: Broadcasting to ``(C, F, T)``.

    Returns:
        ``(B,)`` nats.
    """
    log_volume = torch.log(2.0 * math.pi * variance)
    return 0.5 * (squared / variance + log_volume).flatten(1).sum(1)
