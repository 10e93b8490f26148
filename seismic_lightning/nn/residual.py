r"""What a decoder cannot know of a spectrogram: its variance, learnt for the loss, and a sample of it.

A decoder that minimises squared error returns the mean logarithm of magnitudes. Between windows the spectrum
of an incoherent wave train fluctuates: magnitudes are Rayleigh distributed, and the mean of their logarithm
lies :math:`\gamma / \ln 10 = 0.25` decades of energy below the logarithm of their mean square. A record
without that residual is therefore too smooth and too weak.

The likelihood has one variance for all bins, that of greatest likelihood: the mean square of a training
batch's own residual. With one for each frequency, bins that the filter has emptied, which any decoder knows
to a hundredth of a decade, would outweigh those with an earthquake in them. A generated residual has the
variance of each component and frequency and the mean power spectrum of residuals over the plane of frequency
and time: neighbouring bins of overlapping windows share samples and fluctuate together, and white noise would
make them rough.

References:
    Rybkin, Daniilidis & Levine (2021), Simple and effective VAE training with calibrated decoders, ICML, PMLR
    139, 9179-9189, arXiv:2006.13202.
"""

import math

import torch
from torch import Tensor, nn

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.nn.noise import Noise, normal_like

MIN_VARIANCE = 1e-4
"""Of scaled spectrograms: a hundredth of their standard deviation is more than any record repeats to."""
MIN_WEIGHT = 0.1
"""Share of the newest batch in the running figures, as in batch normalisation."""
MAX_SPECTRA = 8
"""Records of a batch whose spectrum is taken: the mean over batches needs no more."""
EULER_GAMMA = 0.5772156649015329


class NoResidual(nn.Module):
    """A decoder whose output is taken for the record itself; the loss is the plain squared error."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        """Take the shape for the sake of the others.

        Args:
            shape: Components, frequencies and frames ``(C, F, T)``.
        """
        super().__init__()

    def observe(self, error: Tensor) -> None:
        """Learn nothing from training residuals ``(B, C, F, T)``."""

    def known(self) -> None:
        """Return no variance."""

    def add_to(self, spectrogram: Tensor, generator: Noise | None = None) -> Tensor:
        """Return the spectrogram itself; the generator is left untouched."""
        return spectrogram


class LearnedResidual(nn.Module):
    """A Gaussian residual, its variance and power spectrum learnt as running means over batches."""

    variance: Tensor
    spectrum: Tensor
    n_batches: Tensor

    def __init__(self, shape: tuple[int, int, int]) -> None:
        """Start with unit variance and a flat spectrum.

        Args:
            shape: Components, frequencies and frames ``(C, F, T)``.
        """
        super().__init__()
        n_components, n_freqs, n_frames = shape
        self.register_buffer("variance", torch.ones(n_components, n_freqs, 1))
        self.register_buffer("spectrum", torch.ones(n_freqs, n_frames))
        self.register_buffer("n_batches", torch.zeros(()))

    @torch.no_grad()
    def observe(self, error: Tensor) -> Tensor:
        """Learn from the residuals of one training batch.

        Args:
            error: ``(B, C, F, T)`` spectrogram minus reconstruction.

        Returns:
            ``()`` variance of greatest likelihood for this batch, one for all bins.
        """
        error = error.detach().float()
        variance = error.square().mean((0, 3)).unsqueeze(-1).clamp(min=MIN_VARIANCE)
        standardised = error[:MAX_SPECTRA] / variance.sqrt()
        spectrum = torch.fft.fft2(standardised, norm="ortho").abs().square().mean((0, 1))
        kept = torch.isfinite(variance).all()  # a spoilt batch ends the run; its figures are not kept
        self.n_batches += kept
        weight = (1.0 / self.n_batches.clamp(min=1.0)).clamp(min=MIN_WEIGHT)
        for figure, seen in ((self.variance, variance), (self.spectrum, spectrum)):
            figure.copy_(torch.where(kept, figure.lerp(seen, weight), figure))
        return variance.mean()

    def known(self) -> Tensor:
        """Return the variance learnt so far, ``()``, one for all bins."""
        return self.variance.mean()

    def add_to(self, spectrogram: Tensor, generator: Noise | None = None) -> Tensor:
        """Add a drawn residual.

        Args:
            spectrogram: ``(B, C, F, T)`` output of the decoder.
            generator: Source of the noise, or one for each record; None takes PyTorch's global one.

        Returns:
            ``(B, C, F, T)``.
        """
        white = torch.fft.fft2(normal_like(spectrogram, generator).float())
        amplitude = (self.spectrum / self.spectrum.mean()).sqrt()
        field = torch.fft.ifft2(white * amplitude).real
        return spectrogram + self.variance.sqrt() * self.distribute(field)

    def distribute(self, field: Tensor) -> Tensor:
        """Return a standard normal field as it is."""
        return field


class SpeckleResidual(LearnedResidual):
    """The same residual, drawn from the distribution of a Rayleigh magnitude's logarithm.

    That distribution has its long tail below the mean: deep holes, no such peaks. With a normal residual of
    the same variance the mean energy is 0.11 decades too high, with this one it is right.
    """

    def distribute(self, field: Tensor) -> Tensor:
        """Bend a standard normal field to the standardised logarithm of exponential energy.

        Args:
            field: Standard normal values of any shape.

        Returns:
            Values of mean 0 and variance 1 at the same quantiles.

        Example:
            >>> SpeckleResidual((1, 1, 1)).distribute(torch.tensor([-3.0, 0.0, 3.0])).round(decimals=2)
            tensor([-4.7000,  0.1600,  1.9200])
        """
        log_energy: Tensor = (-torch.special.log_ndtr(-field)).log()
        return (log_energy + EULER_GAMMA) / (math.pi / math.sqrt(6.0))


Residual = NoResidual | LearnedResidual

RESIDUALS: dict[str, type[Residual]] = {
    "none": NoResidual,
    "learned": LearnedResidual,
    "speckle": SpeckleResidual,
}
"""The words of ``model.residual``."""


def make_residual(name: str, shape: tuple[int, int, int]) -> Residual:
    """Build the residual that a setting names.

    Args:
        name: One of ``RESIDUALS``.
        shape: Components, frequencies and frames ``(C, F, T)``.

    Raises:
        ConfigurationError: For any other name.
    """
    if name not in RESIDUALS:
        raise ConfigurationError(f"model.residual={name}: choose one of {', '.join(RESIDUALS)}")
    return RESIDUALS[name](shape)
