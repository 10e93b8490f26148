"""The front: from raw samples of mixed sampling rates to what a model sees, and from there to waveforms.

Records are worked on in chunks small enough to stay in the processor's cache; accelerators take large ones.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Self

import torch
from torch import Tensor, nn

from seismic_lightning.errors import ConfigurationError, DatasetError
from seismic_lightning.transforms.companding import PowerCompanding
from seismic_lightning.transforms.phase import FAST_ITERATIONS, Admm, PhaseMethod, recover_waveform
from seismic_lightning.transforms.plan import chunk_size
from seismic_lightning.transforms.preprocess import Preprocess
from seismic_lightning.transforms.response import Instruments
from seismic_lightning.transforms.scaling import LogScaling
from seismic_lightning.transforms.settings import PreprocessSettings, StftSettings
from seismic_lightning.transforms.stft import Stft

Group = tuple[float, Tensor, Tensor] | tuple[float, Tensor, Tensor, bool]
"""Records of one sampling rate: the rate in Hz, ``(n,)`` places in the batch, ``(n, C, N)`` raw samples, and
whether none of these is known to be missing."""


class SpectrogramFront(nn.Module):
    """Preprocessing, short-time Fourier transform and scaling of one batch, and the way back.

    What a model sees is the representation: scaled log magnitudes ``(B, C, F, T)``, or with a companding real
    and imaginary parts ``(B, 2C, F, T)``.
    """

    def __init__(
        self,
        preprocess: PreprocessSettings,
        stft: StftSettings,
        scaling: LogScaling | None = None,
        instruments: Instruments | None = None,
        *,
        companding: PowerCompanding | None = None,
    ) -> None:
        """Put the transforms together.

        Args:
            preprocess: Settings of the preprocessing.
            stft: Settings of the spectrogram.
            scaling: Fitted scaling; ``forward`` needs it, the rest works without.
            instruments: Sensitivities and responses, for units other than counts.
            companding: Fitted companding of the complex representation; None is the log magnitude.
        """
        super().__init__()
        self.preprocess = Preprocess(preprocess, instruments)
        self.stft = Stft(stft, self.preprocess.dtype)
        self.scaling = scaling
        self.companding = companding

    @property
    def channels_per_component(self) -> int:
        """Channels of the representation for each component."""
        return 1 if self.companding is None else 2

    def waveform(self, groups: Sequence[Group], band: Tensor, instrument: Tensor | None = None) -> Tensor:
        """Preprocess a batch, each sampling rate apart, and put the records back in order.

        Args:
            groups: Records of each sampling rate with their places in the batch.
            band: ``(B,)`` rows of the band table, in the order of the batch.
            instrument: ``(B, C)`` places of the components' instruments; None for counts.

        Returns:
            ``(B, C, N')`` samples at the common rate, in the unit that the settings ask for.

        Raises:
            DatasetError: The groups do not make up the batch, or their records end up with different lengths.
        """
        n_records = sum(len(group[1]) for group in groups)
        if n_records != len(band) or not groups:
            raise DatasetError(f"the rate groups hold {n_records} records, the batch {len(band)}")
        lengths = [
            (group[0], self.preprocess.resampled_length(group[2].shape[-1], group[0])) for group in groups
        ]
        if len({length for _, length in lengths}) > 1:
            raise DatasetError(
                f"records of one batch differ in length after resampling, (Hz, samples): {lengths}; choose a "
                "window.length_s that is a whole number of samples at every rate"
            )
        if _in_order(groups):
            rate_hz, _, samples, *known = groups[0]
            whole: Tensor = self.preprocess(samples, rate_hz, band, instrument, gapless=any(known))
            return whole
        shape = (n_records, groups[0][2].shape[1], lengths[0][1])
        batch = torch.empty(shape, dtype=self.preprocess.dtype, device=band.device)
        for rate_hz, positions, samples, *known in groups:
            own = None if instrument is None else instrument[positions]
            ready = self.preprocess(samples, rate_hz, band[positions], own, gapless=any(known))
            batch.index_copy_(0, positions, ready)
        return batch

    def magnitude(self, waveform: Tensor) -> Tensor:
        """Transform preprocessed waveforms to magnitudes.

        Args:
            waveform: ``(B, C, N)`` samples at the common rate.

        Returns:
            ``(B, C, F, T)`` magnitudes in the waveform's unit.
        """
        return self._by_chunks(self.stft, waveform, 1)

    def forward(
        self, groups: Sequence[Group], band: Tensor, instrument: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Carry a batch from raw samples to the representation.

        Args:
            groups: Records of each sampling rate with their places in the batch.
            band: ``(B,)`` rows of the band table, in the order of the batch.
            instrument: ``(B, C)`` places of the components' instruments; None for counts.

        Returns:
            ``(B, C, N')`` waveform in the unit of the settings and ``(B, C, F, T)`` scaled log magnitude, or
            ``(B, 2C, F, T)`` parts.

        Raises:
            ConfigurationError: The scaling has not been fitted.
        """
        waveform = self.waveform(groups, band, instrument)
        return waveform, self.spectrogram(waveform)

    def spectrogram(self, waveform: Tensor) -> Tensor:
        """Transform preprocessed waveforms to the representation.

        Args:
            waveform: ``(B, C, N)`` samples at the common rate.

        Returns:
            ``(B, C, F, T)`` scaled log magnitudes or ``(B, 2C, F, T)`` parts, dimensionless.

        Raises:
            ConfigurationError: The scaling has not been fitted.
        """
        scaling, companding = self._fitted(), self.companding
        if companding is None:

            def scaled(samples: Tensor, out: Tensor | None = None) -> Tensor:
                magnitude = self.stft(samples, out)
                return scaling(magnitude) if magnitude.requires_grad else scaling.scale_(magnitude)

            return self._by_chunks(scaled, waveform, 1)
        return self._by_chunks(lambda samples, _=None: companding(self.stft.complex(samples)), waveform, 2)

    def log_magnitude(self, representation: Tensor) -> Tensor:
        """Reduce a representation to what figures show and skills compare, whichever kind it is.

        Args:
            representation: ``(..., C, F, T)`` scaled log magnitudes or ``(..., 2C, F, T)`` parts.

        Returns:
            ``(..., C, F, T)`` scaled log magnitudes, dimensionless.

        Raises:
            ConfigurationError: The scaling has not been fitted.
        """
        if self.companding is None:
            return representation
        log_magnitude: Tensor = self._fitted()(self.companding.magnitude(representation))
        return log_magnitude

    def to_db(self, representation: Tensor) -> Tensor:
        """Express a representation as decibels of amplitude.

        Args:
            representation: ``(..., C, F, T)`` scaled log magnitudes or ``(..., 2C, F, T)`` parts.

        Returns:
            ``(..., C, F, T)`` in dB relative to one unit of the waveform.

        Raises:
            ConfigurationError: The scaling has not been fitted.
        """
        return self._fitted().to_db(self.log_magnitude(representation))

    @torch.no_grad()
    def inverse(
        self,
        representation: Tensor,
        n_samples: int,
        *,
        method: PhaseMethod = Admm(),  # noqa: B008 - frozen
        n_iterations: int = FAST_ITERATIONS,
        generator: torch.Generator | None = None,
        like: Tensor | None = None,
    ) -> Tensor:
        """Turn a representation into preprocessed waveforms; filter and taper are not undone.

        Parts lead back exactly. Log magnitudes are unscaled, clamped at zero, and get phases that fit; what
        of such a waveform can be trusted stands in ``transforms.phase``.

        Args:
            representation: ``(..., C, F, T)`` scaled log magnitudes or ``(..., 2C, F, T)`` parts.
            n_samples: Length ``N`` of the waveforms.
            method: Way to phases, for log magnitudes.
            n_iterations: Iterations of that method.
            generator: Draws its first phases; None starts without chance.
            like: ``(..., C, N)`` waveforms that lend their phases to begin with instead.

        Returns:
            ``(..., C, N)`` samples at the common rate, in the unit of the settings.

        Raises:
            ConfigurationError: The scaling has not been fitted, or the sizes do not fit.
        """
        dtype = self.preprocess.dtype
        if self.companding is not None:
            return self.stft.inverse(self.companding.inverse(representation.to(dtype)), n_samples)
        magnitude = self._fitted().inverse(representation.to(dtype))
        return recover_waveform(
            magnitude,
            self.stft,
            n_samples,
            method=method,
            n_iterations=n_iterations,
            generator=generator,
            like=like,
        )

    def _fitted(self) -> LogScaling:
        """Return the scaling.

        Raises:
            ConfigurationError: There is none.
        """
        if self.scaling is None:
            raise ConfigurationError("the front has no scaling: fit one on the training split first")
        return self.scaling

    def _by_chunks(self, transform: Callable[..., Tensor], waveform: Tensor, channels: int) -> Tensor:
        """Apply a transform from waveforms to some channels per component chunk by chunk.

        It is also given the place where its result belongs, and may use it.
        """
        *records, n_components, n_samples = waveform.shape
        shape = (*records, channels * n_components, self.stft.n_freqs, self.stft.n_frames(n_samples))
        size = chunk_size(waveform.device, math.prod(shape[1:]))
        if len(waveform) <= size:
            return transform(waveform)
        batch = torch.empty(shape, dtype=waveform.dtype, device=waveform.device)
        for start in range(0, len(batch), size):
            place = batch[start : start + size]
            result = transform(waveform[start : start + size], place)
            if result is not place:
                place.copy_(result)
        return batch

    def settings(self) -> dict[str, Any]:
        """Return everything needed to make this front again, as plain numbers, strings and lists."""
        return {
            "preprocess": asdict(self.preprocess.settings),
            "stft": asdict(self.stft.settings),
            "scaling": None if self.scaling is None else self.scaling.constants._asdict(),
            "companding": None if self.companding is None else self.companding.constants._asdict(),
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], instruments: Instruments | None = None) -> Self:
        """Make a front from what ``settings`` returned.

        Args:
            settings: The plain values.
            instruments: Those of the dataset to work on; what only generates needs none.
        """
        scaling = settings["scaling"]
        companding = settings.get("companding")  # older checkpoints do not say it
        return cls(
            PreprocessSettings(**settings["preprocess"]),
            StftSettings(**settings["stft"]),
            None if scaling is None else LogScaling(**scaling),
            instruments,
            companding=None if companding is None else PowerCompanding(**companding),
        )


def _in_order(groups: Sequence[Group]) -> bool:
    """Tell whether a batch is one group in its order; an accelerator is not asked."""
    positions = groups[0][1]
    return (
        len(groups) == 1
        and positions.device.type == "cpu"
        and torch.equal(positions, torch.arange(len(positions)))
    )
