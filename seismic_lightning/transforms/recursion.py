r"""The band-pass as the recursion it is, carried from block to block of samples: the processor's way.

With poles :math:`p_m` and residues :math:`R_m` the impulse response is :math:`h_0 = g` and
:math:`h_i = \sum_m R_m p_m^{i-1}`. What the samples :math:`x_j` of earlier blocks leave behind is held in one
number per pole, so that the record is filtered by products with small matrices:

.. math:: y_i = \sum_{j \le i} h_{i-j} x_j + \sum_m R_m p_m^i s_m, \qquad
    s_m' = p_m^L s_m + \sum_j p_m^{L-1-j} x_j

for the :math:`L` samples of a block, the state :math:`s_m` before and :math:`s_m'` after it. The states of
all blocks follow from one another by doubling the distance, :math:`\log_2` of the number of blocks times.

Nothing wraps around and nothing is padded: a 0.1 Hz corner costs as much as a 3 Hz one. Accelerators take
transforms instead: there matrix products may round their factors to ten bits. So do odd orders, whose real
poles can coincide and then have no residues of their own.

References:
    Burrus, C. S. (1972), Block realization of digital filters, IEEE Trans. Audio Electroacoust. 20(4),
    230-235, doi:10.1109/TAU.1972.1162387.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from seismic_lightning.transforms import bandpass

BLOCK = 64
"""Samples of a block: more cost multiplications within blocks, fewer cost steps between them."""

_STEPS = 24
"""Doublings of the distance between blocks: enough for a record of a thousand million samples."""


class BlockRecursion:
    """The filters of a band table, for records at the sampling rate they were designed for."""

    def __init__(
        self, corners_hz: NDArray[np.float64], order: int, sampling_rate_hz: float, dtype: torch.dtype
    ) -> None:
        """Compute the matrices in double precision.

        Args:
            corners_hz: ``(rows, 2)`` low and high corners, below the Nyquist frequency; rows whose low corner
                is not below the high one filter to NaN.
            order: Even order of the filter at each corner.
            sampling_rate_hz: Rate of the records.
            dtype: Floating-point type of the records.
        """
        n_rows = len(corners_hz)
        self._within = torch.full((n_rows, BLOCK, BLOCK), torch.nan, dtype=dtype)
        self._inflow, self._outflow = torch.full((2, n_rows, 2 * order, BLOCK), torch.nan, dtype=dtype)
        self._decays = torch.full((n_rows, _STEPS, order, 1, 1), torch.nan, dtype=dtype.to_complex())
        matrices = (self._within, self._inflow, self._outflow, self._decays)
        for row in np.flatnonzero(corners_hz[:, 0] < corners_hz[:, 1]):
            for matrix, exact in zip(
                matrices, _design(corners_hz[row], order, sampling_rate_hz), strict=True
            ):
                matrix[row] = torch.from_numpy(exact)

    def forwards(self, samples: Tensor, band: Tensor) -> Tensor:
        """Filter causally.

        Args:
            samples: ``(B, C, N)`` tapered records.
            band: ``(B,)`` rows of the band table.

        Returns:
            ``(B, C, N)`` filtered records.
        """
        with torch.autocast("cpu", enabled=False):  # else mixed precision would round the factors
            return self._forwards(samples, band)

    def _forwards(self, samples: Tensor, band: Tensor) -> Tensor:
        """Filter causally in the precision of the samples."""
        n_records, n_components, n_samples = samples.shape
        n_blocks = -(-n_samples // BLOCK)
        padded = F.pad(samples, (0, n_blocks * BLOCK - n_samples))
        blocks = padded.view(n_records, n_components * n_blocks, BLOCK)
        inflow = self.inflow(blocks, band)
        before = self._states(inflow.view(n_records, 2, -1, n_components, n_blocks), band)
        filtered = torch.bmm(blocks, self._within[band])
        filtered.baddbmm_(before.flatten(-2).transpose(1, 2), self._outflow[band])
        return filtered.view(padded.shape)[..., :n_samples]

    def both_ways(self, samples: Tensor, band: Tensor) -> Tensor:
        """Filter forwards, cut to the record's length, filter backwards.

        Args:
            samples: ``(B, C, N)`` tapered records.
            band: ``(B,)`` rows of the band table.

        Returns:
            ``(B, C, N)`` filtered records.
        """
        return self.forwards(self.forwards(samples, band).flip(-1), band).flip(-1)

    def inflow(self, blocks: Tensor, band: Tensor, *, backwards: bool = False) -> Tensor:
        """Sum up what blocks of samples add to the states.

        Args:
            blocks: ``(B, K, L)`` samples.
            band: ``(B,)`` rows of the band table.
            backwards: Give the states before a block, of a recursion from its end, instead of those after it.

        Returns:
            ``(B, 2 M, K)`` real parts, then imaginary ones.
        """
        inflow = self._inflow[band]
        return torch.bmm(inflow.flip(-1) if backwards else inflow, blocks.transpose(1, 2))

    def _states(self, inflow: Tensor, band: Tensor) -> Tensor:
        """Turn what flows into the states in each block into the states before it.

        Args:
            inflow: ``(B, 2, M, C, K)`` real and imaginary parts.
            band: ``(B,)`` rows of the band table.

        Returns:
            ``(B, 2 M, C, K)`` real parts, then imaginary ones.
        """
        states = torch.complex(inflow[:, 0], inflow[:, 1])
        decays = self._decays[band]
        for step in range((states.shape[-1] - 1).bit_length()):
            distance = 2**step
            states[..., distance:] += decays[:, step] * states[..., :-distance]
        before = F.pad(torch.stack([states.real, states.imag], 1)[..., :-1], (1, 0))
        return before.flatten(1, 2)


def _design(
    corners_hz: NDArray[np.float64], order: int, sampling_rate_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.complex128]]:
    """Return the matrices of one filter, of whose conjugate poles one each is kept.

    Args:
        corners_hz: ``(2,)`` low and high corner.
        order: Even order of the filter at each corner.
        sampling_rate_hz: Rate of the records.

    Returns:
        ``(L, L)`` from samples to results of a block, ``(2 M, L)`` from samples to states, ``(2 M, L)`` from
        states to results, and ``(steps, M, 1, 1)`` what 1, 2, 4, ... blocks leave of the states; ``M`` is the
        order.
    """
    gain, poles, residues = poles_and_residues(corners_hz, order, sampling_rate_hz)
    powers = poles[:, None] ** np.arange(BLOCK)
    outflow = residues[:, None] * powers
    impulse = np.concatenate([[gain], outflow.real.sum(0)[:-1]])
    lag = np.arange(BLOCK) - np.arange(BLOCK)[:, None]
    return (
        np.where(lag >= 0, impulse[lag], 0.0),
        np.concatenate([powers.real, powers.imag])[:, ::-1].copy(),
        np.concatenate([outflow.real, -outflow.imag]),
        np.stack([poles ** (BLOCK * 2**step) for step in range(_STEPS)])[..., None, None],
    )


def poles_and_residues(
    corners_hz: NDArray[np.float64], order: int, sampling_rate_hz: float
) -> tuple[float, NDArray[np.complex128], NDArray[np.complex128]]:
    """Return what the impulse response of one filter is made of.

    Args:
        corners_hz: ``(2,)`` low and high corner.
        order: Even order of the filter at each corner.
        sampling_rate_hz: Rate of the records.

    Returns:
        The gain, ``(M,)`` poles, of conjugate ones one each, and ``(M,)`` residues of both together.
    """
    low_hz, high_hz = corners_hz
    zeros, poles, gain = bandpass.design(low_hz, high_hz, order, sampling_rate_hz)
    upper = np.flatnonzero(poles.imag > 0)
    residues = np.array(
        [2 * gain * np.prod(poles[m] - zeros) / np.prod(poles[m] - np.delete(poles, m)) for m in upper]
    )
    return gain, poles[upper], residues
