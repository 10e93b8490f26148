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
        self._n_blocks = -(-n_samples // BLOCK)
        sizes = (
            (min(lengths) // 2 + 1,),
            (order, 1, self._n_blocks),
            (order, 1, lengths.target // self._block),
        )
        self._responses, self._weights, self._decays = (
            torch.full((len(corners_hz), *size), torch.nan, dtype=dtype.to_complex()) for size in sizes
        )
        self._outflow = torch.full((len(corners_hz), 2 * order, self._block), torch.nan, dtype=dtype)
        parts = (self._responses, self._weights, self._decays, self._outflow)
        for row in np.flatnonzero(corners_hz[:, 0] < corners_hz[:, 1]):
            for part, exact in zip(
                parts, self._design(corners_hz[row], order, sampling_rate_hz), strict=True
            ):
                part[row] = exact

    def _design(
        self, corners_hz: NDArray[np.float64], order: int, sampling_rate_hz: float
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return what there is of one filter.

        Args:
            corners_hz: ``(2,)`` low and high corner.
            order: Even order of the filter at each corner.
            sampling_rate_hz: Rate of the records.

        Returns:
            ``(F,)`` response, ``(M, 1, K)`` weights of what blocks of samples add to the state, ``(M, 1, J)``
            what is left of it at blocks of results, ``(2 M, P)`` from there to results; ``M`` is the order.
        """
        native = self._lengths.native
        response = torch.from_numpy(bandpass.response(corners_hz[None], order, sampling_rate_hz, native))
        response = resize_spectrum(response, self._lengths)[0, : self._responses.shape[-1]]
        _, poles, residues = poles_and_residues(corners_hz, order, sampling_rate_hz)
        before, after, within = (_powers(poles, exponents) for exponents in self._distances())
        repetitions = torch.from_numpy(-1.0 / (1.0 - poles**native))[:, None]  # all, to be subtracted
        outflow = within * torch.from_numpy(residues)[:, None]
        return (
            response.conj() if self._backwards else response,
            before[:, None],
            (after * repetitions)[:, None],
            torch.cat([outflow.real, -outflow.imag]),
        )

    def _distances(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return native samples from blocks to the state, from it to blocks of results, and within those."""
        native, target = self._lengths
        blocks, step = BLOCK * np.arange(self._n_blocks, dtype=np.float64), native / target
        starts = step * np.arange(0, target, self._block, dtype=np.float64)
        places = step * np.arange(self._block, dtype=np.float64)
        if self._backwards:
            return blocks, native - 1 - (starts + places[-1]), places[::-1]
        return blocks[::-1], native - BLOCK * self._n_blocks + starts, places

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
            filtered: Tensor = torch.fft.irfft(spectrum.mul_(responses), target, norm="forward")
            repeated = self._state(samples, band) * self._decays[band]
            states = torch.stack([repeated.real, repeated.imag], 1).flatten(1, 2).flatten(-2)
            blocks = filtered.view(len(samples), -1, self._block)
            blocks.baddbmm_(states.transpose(1, 2), self._outflow[band])
            return filtered

    def _state(self, samples: Tensor, band: Tensor) -> Tensor:
        """Return what records leave behind, ``(B, M, C, 1)``: one number per pole."""
        n_records, n_components, n_samples = samples.shape
        blocks = F.pad(samples, (0, self._n_blocks * BLOCK - n_samples)).view(n_records, -1, BLOCK)
        inflow = self._recursion.inflow(blocks, band, backwards=self._backwards)
        inflow = inflow.view(n_records, 2, -1, n_components, self._n_blocks)
        states = torch.complex(inflow[:, 0], inflow[:, 1])
        return (states * self._weights[band]).sum(-1, keepdim=True)


def _powers(poles: NDArray[np.complex128], exponents: NDArray[np.float64]) -> Tensor:
    """Return ``(M, n)`` powers of poles, whole or not."""
    powers = np.exp(np.log(poles)[:, None] * exponents)
    return torch.from_numpy(np.where(np.abs(powers) > _NEGLIGIBLE, powers, 0.0))
