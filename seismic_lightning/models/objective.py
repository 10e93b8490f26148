r"""What training minimises: reconstruction error plus weighted divergence, both summed over a record.

.. math:: L = \frac1B \sum_b \Big( \sum_{c,f,t} (\hat x - x)^2 + \beta \sum_d \mathrm{KL}_d \Big)

Both terms are sums over everything but the batch, so that beta means the same whatever the sizes of
spectrogram and latent: beta = 1 is, up to a constant, the evidence lower bound of a Gaussian decoder with
variance 1/2. Everything is summed in float32, whatever the precision of the layers.
"""

from typing import NamedTuple

from torch import Tensor


class Objective(NamedTuple):
    """The loss of each record, and its parts.

    Attributes:
        loss: ``(B,)`` reconstruction + beta * KL.
        reconstruction: ``(B,)`` squared error summed over components, frequencies and frames.
        kl: ``(B,)`` divergence summed over latent dimensions, in nats.
        mse: ``(B,)`` squared error per element of the spectrogram, which does not depend on its size.
    """

    loss: Tensor
    reconstruction: Tensor
    kl: Tensor
    mse: Tensor


def objective(reconstruction: Tensor, spectrogram: Tensor, kl: Tensor, beta: float) -> Objective:
    """Compare a reconstruction with its original and add the price of the posterior.

    Args:
        reconstruction: ``(B, C, F, T)``.
        spectrogram: ``(B, C, F, T)``.
        kl: ``(B, D)`` nats per latent dimension; ``D`` may be 0.
        beta: Weight of the divergence.

    Returns:
        The objective of every record, in float32.
    """
    error = (reconstruction.float() - spectrogram.float()).square().flatten(1).sum(1)
    divergence = kl.float().sum(1)
    return Objective(
        loss=error + beta * divergence,
        reconstruction=error,
        kl=divergence,
        mse=error / spectrogram[0].numel(),
    )
