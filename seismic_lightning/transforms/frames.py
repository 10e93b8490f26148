r"""Windowed frames of a waveform, there and back: the overlap-add that inverts a short-time transform.

Every frame is its stretch of the record times the window :math:`w`. The waveform that fits given frames
:math:`y_t` best in the sense of least squares is

.. math:: x(n) = \frac{\sum_t w(n - tH)\, y_t(n - tH)}{\sum_t w^2(n - tH)},

exactly the record itself where the frames are its own. The denominator depends on lengths only, and is
computed once for all records and iterations.

References:
    Griffin & Lim (1984), Signal estimation from modified short-time Fourier transform, IEEE Trans. Acoust.
    Speech Signal Process. 32(2), 236-243, doi:10.1109/TASSP.1984.1164317.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.transforms.settings import StftSettings

_LEAST_WEIGHT = 1e-2
"""Least squared window a sample is divided by, relative to the greatest: the frames know no more of it."""


class Frames:
    """The frames of records of one length; spectra are frame by frame, ``(..., T, F)``.

    Between frames and record stands the padded signal ``(..., P)``: the record with half a transform of zeros
    before it, and zeros after it up to the last frame's end.
    """

    def __init__(self, settings: StftSettings, window: Tensor, n_samples: int) -> None:
        """Place the frames and sum their squared windows.

        Args:
            settings: Window, overlap and transform length.
            window: ``(nperseg,)`` samples of the window.
            n_samples: Length ``N`` of the records.

        Raises:
            ConfigurationError: The record is empty, or parts of it are seen by no frame.
        """
        self.hop = settings.nperseg - settings.noverlap
        if 2 * self.hop > settings.nperseg:
            raise ConfigurationError(
                f"stft.noverlap={settings.noverlap} cannot be inverted: between windows of "
                f"{settings.nperseg} samples part of the record is lost; give {settings.nperseg // 2} or more"
            )
        if n_samples < 1:
            raise ConfigurationError(f"n_samples={n_samples}: give the length of the waveform, 1 or more")
        self.nfft, self.n_samples = settings.nfft, n_samples
        self.n_frames = n_samples // self.hop + 1
        before = (self.nfft - settings.nperseg) // 2
        self._window = F.pad(window, (before, self.nfft - settings.nperseg - before))
        self._per_frame = -(-self.nfft // self.hop)  # hops
        self._start = self.nfft // 2
        self._length = (self.n_frames + self._per_frame - 1) * self.hop
        squares = self._add(self._window.square().expand(self.n_frames, self.nfft))[self._record]
        self._synthesis = F.pad(squares.reciprocal(), (self._start, self._length - self._start - n_samples))
        careful = squares.clamp(min=_LEAST_WEIGHT * float(squares.max())).reciprocal()
        self._careful = F.pad(careful, (self._start, self._length - self._start - n_samples))

    @property
    def _record(self) -> slice:
        """Where the record lies in the padded signal."""
        return slice(self._start, self._start + self.n_samples)

    def analyse(self, signal: Tensor) -> Tensor:
        """Transform padded signals.

        Args:
            signal: ``(..., P)``.

        Returns:
            ``(..., T, F)`` complex spectra of the frames.
        """
        frames = signal.unfold(-1, self.nfft, self.hop)[..., : self.n_frames, :]
        spectra: Tensor = torch.fft.rfft(frames * self._window)
        return spectra

    def synthesise(self, spectra: Tensor, *, careful: bool = True) -> Tensor:
        """Find the padded signal whose frames come closest to given spectra.

        Args:
            spectra: ``(..., T, F)`` complex, of any origin.
            careful: Let samples at the very end, which windows hardly see, fade out instead of blowing up
                what does not fit together. Without it the frames of a record lead back to it exactly.

        Returns:
            ``(..., P)``, zero outside the record.
        """
        frames = torch.fft.irfft(spectra, n=self.nfft).mul_(self._window)
        return self._add(frames).mul_(self._careful if careful else self._synthesis)

    def record(self, signal: Tensor) -> Tensor:
        """Cut the records ``(..., N)`` out of padded signals."""
        return signal[..., self._record]

    def _add(self, frames: Tensor) -> Tensor:
        """Sum overlapping frames ``(..., T, nfft)``: as many strided sums as a frame has hops."""
        frames = F.pad(frames, (0, self._per_frame * self.hop - self.nfft))
        parts = frames.reshape(*frames.shape[:-1], self._per_frame, self.hop).unbind(-2)
        signal = frames.new_zeros((*frames.shape[:-2], self._length // self.hop, self.hop))
        for place, part in enumerate(parts):
            signal[..., place : place + self.n_frames, :] += part
        return signal.flatten(-2)
