r"""Waveforms from magnitude spectrograms: find phases that make a spectrogram agree with itself.

Frames overlap, so only few complex spectrograms belong to a waveform. Both methods go back and forth between
two sets: spectrograms of the wanted magnitude, reached by :math:`P_A`, which keeps phases and replaces
magnitudes, and spectrograms of waveforms, reached by :math:`P_C`, an inverse transform and a transform. How
far they got is told by the spectral convergence. Envelope, spectrum and onsets come back; the wiggles
themselves and the sign do not, and every component gets phases of its own: particle motion is lost.

References:
    Griffin & Lim (1984), doi:10.1109/TASSP.1984.1164317.
    Perraudin, Balazs & Soendergaard (2013), A fast Griffin-Lim algorithm, IEEE WASPAA,
    doi:10.1109/WASPAA.2013.6701851.
    Masuyama, Yatabe & Oikawa (2019), Griffin-Lim like phase recovery via alternating direction method of
    multipliers, IEEE Signal Process. Lett. 26(1), 184-188, doi:10.1109/LSP.2018.2884026.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.transforms.stft import Stft

FAST_ITERATIONS, FINE_ITERATIONS = 32, 100
"""For many records, and for few."""

_CHUNK, _DEVICE_CHUNK = 16, 4096
"""Components worked on at once: what fits the processor's cache, and what bounds an accelerator's memory."""

Projection = Callable[[Tensor], Tensor]
"""From spectra ``(n, T, F)`` to the nearest spectra of waveforms, in memory of their own."""


class PhaseMethod(Protocol):
    """A way to phases."""

    def __call__(self, start: Tensor, magnitude: Tensor, project: Projection, n_iterations: int) -> Tensor:
        """Iterate.

        Args:
            start: ``(n, T, F)`` complex spectra to begin with; may be overwritten.
            magnitude: ``(n, T, F)`` wanted magnitudes, the greatest of each record about 1.
            project: Leads to the nearest spectra of waveforms.
            n_iterations: Number of projections.

        Returns:
            ``(n, T, F)`` spectra of the wanted magnitude, as near to a waveform's as the method got.
        """


@dataclass(frozen=True)
class FastGriffinLim:
    r"""Griffin and Lim's alternating projections with momentum.

    One iteration is :math:`t \leftarrow P_C P_A c`, :math:`c \leftarrow t + \alpha (t - t')`, where
    :math:`t'` is the :math:`t` before.

    Attributes:
        alpha: Momentum, 0 or more; 0 is the method of Griffin and Lim.
    """

    alpha: float = 0.99

    def __post_init__(self) -> None:
        """Refuse a momentum that runs backwards."""
        if not self.alpha >= 0:
            raise ConfigurationError(f"alpha={self.alpha}: give a momentum of 0 or more")

    def __call__(self, start: Tensor, magnitude: Tensor, project: Projection, n_iterations: int) -> Tensor:
        """See ``PhaseMethod``."""
        before = project(_with_magnitude(start, magnitude))
        state = before.clone()
        for _ in range(n_iterations - 1):
            now = project(_with_magnitude(state, magnitude))
            state = torch.lerp(before, now, 1.0 + self.alpha, out=before)
            before = now
        return _with_magnitude(state, magnitude)


@dataclass(frozen=True)
class Admm:
    r"""The alternating direction method of multipliers, its last iterations fast Griffin-Lim ones.

    With :math:`v` the sum of primal and dual variable and :math:`e = (v - P_C v) / (1 + \rho)`, one iteration
    is :math:`v \leftarrow P_A(v - 2e) + e`. It leaves bad solutions better than alternating projections do,
    but keeps wandering; those, put at its end, settle in the nearest solution.

    Attributes:
        rho: Weight of the constraint that magnitudes are kept, above 0.
        settling: Share of the iterations that settle, at least 0, below 1; 0 is the method as published.
    """

    rho: float = 0.05
    settling: float = 0.4

    def __post_init__(self) -> None:
        """Refuse weights and shares that make no method."""
        if not (self.rho > 0 and 0 <= self.settling < 1):
            raise ConfigurationError(
                f"rho={self.rho}, settling={self.settling}: give a rho above 0 and a share from 0 to below 1"
            )

    def __call__(self, start: Tensor, magnitude: Tensor, project: Projection, n_iterations: int) -> Tensor:
        """See ``PhaseMethod``."""
        n_settling = int(self.settling * n_iterations)
        state, share = start, 1.0 / (1.0 + self.rho)
        for _ in range(n_iterations - n_settling - 1):
            negative_error = project(state).sub_(state).mul_(share)
            state = _with_magnitude(state.add_(negative_error, alpha=2.0), magnitude).sub_(negative_error)
        found = _with_magnitude(state.add_(project(state).sub_(state), alpha=2.0 * share), magnitude)
        return found if n_settling == 0 else FastGriffinLim()(found, magnitude, project, n_settling)


@torch.no_grad()
def recover_waveform(
    magnitude: Tensor,
    stft: Stft,
    n_samples: int,
    *,
    method: PhaseMethod = Admm(),
    n_iterations: int = FAST_ITERATIONS,
    generator: torch.Generator | None = None,
    like: Tensor | None = None,
) -> Tensor:
    """Make waveforms whose spectrograms have given magnitudes, as nearly as there are any.

    Args:
        magnitude: ``(..., F, T)`` magnitudes, not negative, as ``stft`` returns them.
        stft: The transform that the magnitudes are of; its device and precision are used.
        n_samples: Length ``N`` of the waveforms.
        method: ``Admm()`` or ``FastGriffinLim()``.
        n_iterations: Transforms there and back, 1 or more.
        generator: Draws the first phases; None starts every frame as a pulse at its centre.
        like: ``(..., N)`` waveforms that lend their phases to begin with instead, so that similar magnitudes
            lead to similar waveforms.

    Returns:
        ``(..., N)`` samples in the unit of the magnitudes.

    Raises:
        ConfigurationError: Sizes that do not fit each other, windows that overlap too little, no iteration.

    Example:
        >>> from seismic_lightning.transforms.settings import StftSettings
        >>> stft = Stft(StftSettings())
        >>> recover_waveform(stft(torch.ones(3, 2001)), stft, 2001).shape
        torch.Size([3, 2001])
    """
    stft.check_size(magnitude, n_samples)
    if n_iterations < 1:
        raise ConfigurationError(f"n_iterations={n_iterations}: give 1 or more")
    frames = stft.frames(n_samples)
    wanted = magnitude.transpose(-1, -2).reshape(-1, magnitude.shape[-1], magnitude.shape[-2])
    lenders = None if like is None else like.expand(*magnitude.shape[:-2], n_samples).reshape(-1, n_samples)
    result = torch.empty(len(wanted), n_samples, dtype=wanted.dtype, device=wanted.device)
    size = _CHUNK if wanted.device.type == "cpu" else _DEVICE_CHUNK
    for start in range(0, len(wanted), size):
        part = wanted[start : start + size].contiguous()
        scale = part.amax((1, 2), keepdim=True).clamp_(min=torch.finfo(part.dtype).tiny)
        part = part / scale  # whatever the unit, squares neither overflow nor vanish
        lender = None if lenders is None else stft.complex(lenders[start : start + size])
        spectra = method(
            _start(part, generator, lender),
            part,
            lambda spectra: frames.analyse(frames.synthesise(spectra)),
            n_iterations,
        )
        result[start : start + size] = frames.record(frames.synthesise(spectra)).mul_(scale[:, 0])
    return result.reshape(*magnitude.shape[:-2], n_samples)


def spectral_convergence_db(waveform: Tensor, magnitude: Tensor, stft: Stft) -> Tensor:
    r"""Tell how far the magnitudes of waveforms are from the wanted ones.

    .. math:: 20 \log_{10} \frac{\lVert |\mathrm{STFT}(x)| - A \rVert}{\lVert A \rVert}

    Args:
        waveform: ``(..., N)`` samples.
        magnitude: ``(..., F, T)`` wanted magnitudes ``A``.
        stft: The transform that the magnitudes are of.

    Returns:
        ``(...)`` in dB; the lower the better.
    """
    scale = magnitude.amax((-2, -1), keepdim=True).clamp(min=torch.finfo(magnitude.dtype).tiny)
    wanted = magnitude / scale
    error = torch.linalg.vector_norm(stft(waveform / scale[..., 0]) - wanted, dim=(-2, -1))
    return 20.0 * torch.log10(error / torch.linalg.vector_norm(wanted, dim=(-2, -1)))


def _start(magnitude: Tensor, generator: torch.Generator | None, lender: Tensor | None) -> Tensor:
    """Return the first spectra, ``(n, T, F)``, with the phases of a lender ``(n, F, T)`` if there is one."""
    if lender is not None:
        return torch.polar(magnitude, lender.transpose(-1, -2).angle())
    if generator is None:
        sign = 1.0 - 2.0 * (torch.arange(magnitude.shape[-1], device=magnitude.device) % 2)
        return torch.complex(magnitude * sign, torch.zeros_like(magnitude))
    phase = torch.rand(magnitude.shape, generator=generator, dtype=magnitude.dtype, device=magnitude.device)
    return torch.polar(magnitude, phase.mul_(2.0 * torch.pi))


def _with_magnitude(spectra: Tensor, magnitude: Tensor) -> Tensor:
    """Replace the magnitudes of spectra in place, keeping phases; what is zero stays zero."""
    real, imaginary = torch.view_as_real(spectra).unbind(-1)
    power = torch.addcmul(real * real, imaginary, imaginary)
    factor = power.clamp_(min=torch.finfo(power.dtype).tiny).rsqrt_().mul_(magnitude)
    return spectra.mul_(factor)
