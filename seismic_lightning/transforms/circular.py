r"""Band-pass and change of sampling rate in one pair of short transforms: the processor's way to resample.

A transform filters as if the record repeated itself every :math:`L` samples: its result holds, besides the
record's own, what all its repetitions before have left. That has nothing of the record but one number
:math:`s_m` per pole, the state of the recursion at its end. After it follow, with residues :math:`R_m`,

.. math:: \mathrm{Re} \sum_m R_m \frac{p_m^{i}}{1 - p_m^{L}} s_m

at any distance :math:`i` from there, a whole number of samples or not. Subtracted at the common rate, this
leaves what infinite padding would, and a corner of 0.1 Hz needs no longer transforms than one of 3 Hz.

Filtering backwards is the same in a mirror: the response is the conjugate one, the state that at the record's
beginning.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from seismic_lightning.transforms import bandpass
from seismic_lightning.transforms.recursion import BLOCK, BlockRecursion, poles_and_residues
from seismic_lightning.transforms.resample import FftLengths, resize_spectrum

_LONGEST_BLOCK = 128
"""Samples whose share of the repetitions is computed by one product."""

_NEGLIGIBLE = 1e-30
"""Powers below it are zero: processors take long over numbers that are nearly too small to be written."""


class CircularBandpass:
    """The filters of a band table, for records of one length at one rate that are to be at another."""

    def __init__(
        self,
        corners_hz: NDArray[np.float64],
        order: int,
        sampling_rate_hz: float,
        lengths: FftLengths,
        dtype: torch.dtype,
        *,
        n_samples: int,
        both_ways: bool,
    ) -> None:
        """Compute responses and powers of the poles in double precision.

        Args:
            corners_hz: ``(rows, 2)`` low and high corners, below the Nyquist frequency; rows whose low corner
                is not below the high one filter to NaN.
            order: Even order of the filter at each corner.
            sampling_rate_hz: Rate of the records.
            lengths: Transform lengths, the native one longer than records by a block at least.
            dtype: Floating-point type of the records.
            n_samples: Length of the records.
            both_ways: Filter forwards, cut to the record's length, filter backwards.
        """
        self._lengths, self._backwards = lengths, both_ways
        self._recursion = BlockRecursion(corners_hz, order, sampling_rate_hz, dtype)
        self._block = max(size for size in range(1, _LONGEST_BLOCK + 1) if lengths.target % size == 0)
        n_rows, n_blocks = len(corners_hz), -(-n_samples // BLOCK)
        kept = min(lengths) // 2 + 1
        precise = {"dtype": dtype.to_complex()}
        self._responses = torch.full((n_rows, kept), torch.nan, **precise)
        self._weights = torch.full((n_rows, order, 1, n_blocks), torch.nan, **precise)
        self._decays = torch.full((n_rows, order, 1, lengths.target // self._block), torch.nan, **precise)
        self._outflow = torch.full((n_rows, 2 * order, self._block), torch.nan, dtype=dtype)
        for row in np.flatnonzero(corners_hz[:, 0] < corners_hz[:, 1]):
            one = torch.from_numpy(
                bandpass.response(corners_hz[[row]], order, sampling_rate_hz, lengths.native)
            )
            one = resize_spectrum(one, lengths)[0, :kept]
            self._responses[row] = one.conj() if both_ways else one
            _, poles, residues = poles_and_residues(corners_hz[row], order, sampling_rate_hz)
            before, after, within = self._exponents(n_blocks)
            self._weights[row, :, 0] = _powers(poles, before)
            once = -1.0 / (1.0 - poles**lengths.native)  # all repetitions, to be subtracted
            self._decays[row, :, 0] = _powers(poles, after) * torch.from_numpy(once)[:, None]
            outflow = _powers(poles, within) * torch.from_numpy(residues)[:, None]
            self._outflow[row] = torch.cat([outflow.real, -outflow.imag])

    def _exponents(self, n_blocks: int) -> tuple[NDArray[np.float64], ...]:
        """Return how far blocks of samples are from the state, blocks of results from it, results within."""
        native, target = self._lengths
        step, block = native / target, np.arange(n_blocks)
        starts, places = np.arange(0, target, self._block), np.arange(self._block)
        if self._backwards:
            last = self._block - 1
            return 1.0 * BLOCK * block, native - 1 - step * (starts + last), step * (last - places)
        return (
            1.0 * BLOCK * (n_blocks - 1 - block),
            native - BLOCK * n_blocks + step * starts,
            step * places,
        )

    def __call__(self, samples: Tensor, band: Tensor) -> Tensor:
        """Filter and bring to the common rate.

        Args:
            samples: ``(B, C, N)`` tapered records.
            band: ``(B,)`` rows of the band table.

        Returns:
            ``(B, C, lengths.target)`` filtered records at the common rate; what follows them means nothing.
        """
        with torch.autocast("cpu", enabled=False):  # else mixed precision would round the factors
            if self._backwards:
                samples = self._recursion.forwards(samples, band)
            native, target = self._lengths
            responses = self._responses[band].unsqueeze(1)
            spectrum = torch.fft.rfft(samples, native, norm="forward")[..., : responses.shape[-1]]
            filtered = torch.fft.irfft(spectrum.mul_(responses), target, norm="forward")
            repeated = self._state(samples, band) * self._decays[band]
            states = torch.stack([repeated.real, repeated.imag], 1).flatten(1, 2).flatten(-2)
            blocks = filtered.view(len(samples), -1, self._block)
            blocks.baddbmm_(states.transpose(1, 2), self._outflow[band])
            return filtered

    def _state(self, samples: Tensor, band: Tensor) -> Tensor:
        """Return what records leave behind, ``(B, M, C, 1)``: one number per pole."""
        n_records, n_components, n_samples = samples.shape
        n_blocks = self._weights.shape[-1]
        blocks = F.pad(samples, (0, n_blocks * BLOCK - n_samples)).view(n_records, -1, BLOCK)
        inflow = self._recursion.inflow(blocks, band, backwards=self._backwards)
        inflow = inflow.view(n_records, 2, -1, n_components, n_blocks)
        states = torch.complex(inflow[:, 0], inflow[:, 1])
        return (states * self._weights[band]).sum(-1, keepdim=True)


def _powers(poles: NDArray[np.complex128], exponents: NDArray[np.float64]) -> Tensor:
    """Return ``(M, n)`` powers of poles, whole or not."""
    powers = np.exp(np.log(poles)[:, None] * exponents)
    return torch.from_numpy(np.where(np.abs(powers) > _NEGLIGIBLE, powers, 0.0))
