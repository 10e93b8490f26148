"""Removal of mean and linear trend.

The least-squares line ``a + b t`` on a time axis centred on the record has ``a = mean(x)`` and
``b = Σ t x / Σ t²``: mean and slope do not disturb each other, so removing the mean first and then the trend
gives the same residual.
"""

import torch
from torch import Tensor


def detrend_(waveform: Tensor) -> Tensor:
    """Subtract each trace's least-squares line, in place.

    Sums of products rather than a matrix product: accelerators may round the factors of the latter to ten
    bits.

    Args:
        waveform: ``(..., N)`` floating-point samples; changed.

    Returns:
        The same tensor, with zero mean and zero slope.
    """
    n_samples = waveform.shape[-1]
    if n_samples < 2:
        return waveform.zero_()
    time = torch.linspace(-1.0, 1.0, n_samples, dtype=waveform.dtype, device=waveform.device)
    energy = n_samples * (n_samples + 1) / (3 * (n_samples - 1))  # Σ t² in closed form
    slope = (waveform * time).sum(-1, keepdim=True) / energy
    waveform -= waveform.mean(-1, keepdim=True)
    return waveform.addcmul_(slope, time, value=-1.0)
