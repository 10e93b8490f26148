"""Short-time Fourier transform with the scaling of ``scipy.signal.stft``.

Windows are periodic Hann, centred on their frames, with zeros beyond the record's ends. Division by the
window's sum makes the magnitude an amplitude in the waveform's unit: a steady sine of amplitude ``A`` comes
out as ``A / 2``.

References:
    Allen, J. B. (1977), IEEE Trans. Acoust. Speech Signal Process. 25(3), 235-238,
    doi:10.1109/TASSP.1977.1162950.
"""

import torch
from torch import Tensor, nn

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.transforms._torchaudio import Spectrogram
from seismic_lightning.transforms.frames import Frames
from seismic_lightning.transforms.settings import StftSettings


class Stft(nn.Module):
    """Waveforms to magnitude spectrograms.

    Example:
        >>> Stft(StftSettings())(torch.zeros(2, 3, 7001)).shape
        torch.Size([2, 3, 129, 110])
    """

    def __init__(self, settings: StftSettings, dtype: torch.dtype = torch.float32) -> None:
        """Check the settings and make the window.

        Args:
            settings: Window, overlap and transform length, in samples.
            dtype: Floating-point type of the waveforms to come.

        Raises:
            ConfigurationError: The three lengths do not fit together.
        """
        super().__init__()
        if not 0 <= settings.noverlap < settings.nperseg <= settings.nfft:
            raise ConfigurationError(
                f"stft needs 0 <= noverlap < nperseg <= nfft, got noverlap={settings.noverlap}, "
                f"nperseg={settings.nperseg}, nfft={settings.nfft}"
            )
        if settings.nfft % 2:
            raise ConfigurationError(f"stft.nfft={settings.nfft}: give an even number of samples")
        self.settings = settings
        self.hop = settings.nperseg - settings.noverlap
        self._spectrogram = Spectrogram(
            n_fft=settings.nfft,
            win_length=settings.nperseg,
            hop_length=self.hop,
            window_fn=_unit_sum_hann,
            wkwargs={"dtype": dtype},
            power=None,
            pad_mode="constant",
        )
        # A window is known from the settings: it has no place in a checkpoint.
        self._spectrogram.register_buffer("window", self._spectrogram.window, persistent=False)

    @property
    def n_freqs(self) -> int:
        """Frequency bins, from zero to the Nyquist frequency."""
        return self.settings.nfft // 2 + 1

    def n_frames(self, n_samples: int) -> int:
        """Return the frames of a record.

        Args:
            n_samples: Its length.
        """
        return n_samples // self.hop + 1

    def frequencies_hz(self, sampling_rate_hz: float) -> Tensor:
        """Return the frequency of each bin, ``(F,)`` in Hz.

        Args:
            sampling_rate_hz: Rate of the waveforms.
        """
        return torch.arange(self.n_freqs, dtype=torch.float64) * (sampling_rate_hz / self.settings.nfft)

    def times_s(self, sampling_rate_hz: float, n_frames: int) -> Tensor:
        """Return the centre of each frame, ``(T,)`` in seconds after the first sample.

        Args:
            sampling_rate_hz: Rate of the waveforms.
            n_frames: Number of frames.
        """
        return torch.arange(n_frames, dtype=torch.float64) * (self.hop / sampling_rate_hz)

    def complex(self, waveform: Tensor) -> Tensor:
        """Transform, keeping phases.

        Args:
            waveform: ``(..., N)`` samples.

        Returns:
            ``(..., F, T)`` complex amplitudes in the waveform's unit.
        """
        spectrum: Tensor = self._spectrogram(waveform)
        return spectrum

    def frames(self, n_samples: int) -> Frames:
        """Return the overlap-add of records of one length, on the device and in the precision of the window.

        Args:
            n_samples: Length ``N`` of the records.

        Raises:
            ConfigurationError: Windows overlap too little to be inverted.
        """
        return Frames(self.settings, self._spectrogram.window, n_samples)

    def inverse(self, spectrum: Tensor, n_samples: int) -> Tensor:
        """Turn complex amplitudes into the waveform whose transform comes closest to them.

        What ``complex`` returned leads back to its waveform exactly, up to rounding.

        Args:
            spectrum: ``(..., F, T)`` complex amplitudes in the waveform's unit.
            n_samples: Length ``N`` of the waveform; it decides the number of frames.

        Returns:
            ``(..., N)`` samples.

        Raises:
            ConfigurationError: The spectrogram is not one of that many samples.
        """
        self.check_size(spectrum, n_samples)
        frames = self.frames(n_samples)
        return frames.record(frames.synthesise(spectrum.transpose(-1, -2), careful=False))

    def check_size(self, spectrogram: Tensor, n_samples: int) -> None:
        """Refuse a spectrogram that records of a length do not have.

        Args:
            spectrogram: ``(..., F, T)``.
            n_samples: Length ``N`` of the records.

        Raises:
            ConfigurationError: Naming both sizes.
        """
        expected = (self.n_freqs, self.n_frames(n_samples))
        if tuple(spectrogram.shape[-2:]) != expected:
            raise ConfigurationError(
                f"a record of {n_samples} samples has a spectrogram of (F, T) = {expected}, "
                f"got {tuple(spectrogram.shape[-2:])}"
            )

    def forward(self, waveform: Tensor, out: Tensor | None = None) -> Tensor:
        """Transform to magnitudes.

        Args:
            waveform: ``(..., N)`` samples.
            out: ``(..., F, T)`` where to put the magnitudes; not where gradients are wanted.

        Returns:
            ``(..., F, T)`` magnitudes in the waveform's unit; ``out`` if it was used.
        """
        spectrum = self.complex(waveform)
        differentiable = spectrum.requires_grad
        if waveform.device.type != "cpu":
            # One pass through memory, where what follows would take most of the time.
            return spectrum.abs() if differentiable else torch.abs(spectrum, out=out)
        # Not ``abs``: its guard against overflow costs a processor more than the transforms themselves.
        real, imaginary = torch.view_as_real(spectrum).square_().unbind(-1)
        # Transforms leave a frame's frequencies together: who sums into the result turns it on the way.
        return (real + imaginary if differentiable else torch.add(real, imaginary, out=out)).sqrt_()


def _unit_sum_hann(n_samples: int, dtype: torch.dtype) -> Tensor:
    """Return a periodic Hann window whose samples sum to one, ``(n_samples,)``."""
    window = torch.hann_window(n_samples, dtype=torch.float64)
    return (window / window.sum()).to(dtype)
