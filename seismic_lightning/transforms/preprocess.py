"""Preprocessing of raw samples, batched on whatever device they are on.

In the order of an observatory's practice: relative to the first sample → gaps filled → mean and trend removed
→ cosine taper → instrument response removed, if asked for → Butterworth band-pass → common sampling rate. The
last two share one pair of Fourier transforms where the rate changes. The result equals ObsPy's ``detrend``,
``taper`` and ``filter`` to the precision of the chosen floating-point type, with ``remove_response`` between
them to 1e-4.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.transforms import bandpass
from seismic_lightning.transforms.bands import BandTable
from seismic_lightning.transforms.detrend import detrend_
from seismic_lightning.transforms.gaps import fill_gaps, find_gaps, first_valid, subtract_exactly
from seismic_lightning.transforms.plan import DTYPES, Filter, Plan, make_plan
from seismic_lightning.transforms.resample import resampled_length, resize_spectrum
from seismic_lightning.transforms.response import LOW_FLANK_HZ, UNITS, Instruments, make_removal
from seismic_lightning.transforms.settings import PreprocessSettings
from seismic_lightning.transforms.taper import taper_


class Preprocess(nn.Module):
    """Detrend, taper, filter and resample records of one sampling rate.

    Example:
        >>> settings = PreprocessSettings(bands_hz={"any": [[1.0, 20.0]]})
        >>> preprocess = Preprocess(settings)
        >>> band = preprocess.bands(["HH"], [2.1])
        >>> preprocess(torch.ones(1, 3, 1401, dtype=torch.int32), 50.0, band).shape
        torch.Size([1, 3, 2801])
    """

    def __init__(self, settings: PreprocessSettings, instruments: Instruments | None = None) -> None:
        """Check the settings; filters are designed when a sampling rate first comes along.

        Args:
            settings: What to do.
            instruments: Sensitivities and responses, for units other than counts.

        Raises:
            ConfigurationError: A setting cannot be used; it is named.
        """
        super().__init__()
        self.settings = _checked(settings)
        self.table = BandTable(self.settings)
        self.instruments = instruments
        self._plans: dict[tuple[float, int, torch.device], Plan] = {}

    @property
    def dtype(self) -> torch.dtype:
        """Floating-point type of the work and of the result."""
        return DTYPES[self.settings.dtype]

    def bands(self, families: Sequence[str], magnitudes: Sequence[float]) -> Tensor:
        """Return the band of each record, to be passed to ``forward``.

        Args:
            families: Channel family of each record, such as ``HH``.
            magnitudes: Magnitude of each record, in the same order.

        Returns:
            ``(B,)`` int64 rows of the band table.

        Raises:
            BandError: Families without a row or records without a magnitude, counted.
        """
        return torch.from_numpy(self.table.rows(families, magnitudes))

    def clipped(self, sampling_rate_hz: float) -> Tensor:
        """Tell which bands have their high corner clipped at a sampling rate.

        ``preprocess.clipped(rate)[band].sum()`` counts the records of that rate it happens to.

        Args:
            sampling_rate_hz: Rate of the records.

        Returns:
            ``(rows,)`` bool; one false where the table is empty.
        """
        limit_hz = self.table.limit_hz(sampling_rate_hz, self.settings.sampling_rate_hz)
        clipped = torch.from_numpy(self.table.clipped_hz(limit_hz)[1])
        return clipped if len(clipped) else torch.zeros(1, dtype=torch.bool)

    def passbands_hz(self, sampling_rate_hz: float) -> Tensor:
        """Return the frequencies that each band lets pass at a sampling rate.

        Args:
            sampling_rate_hz: Rate of the records before preprocessing.

        Returns:
            ``(rows, 2)`` corners in Hz, high ones clipped; where the table is empty,
            the clip and 0, or the end of the removal's lower flank.
        """
        limit_hz = self.table.limit_hz(sampling_rate_hz, self.settings.sampling_rate_hz)
        corners = torch.from_numpy(self.table.clipped_hz(limit_hz)[0])
        low_hz = LOW_FLANK_HZ[1] if self.settings.units == "velocity" else 0.0
        return corners if len(corners) else torch.tensor([[low_hz, limit_hz]], dtype=torch.float64)

    def check(self, sampling_rate_hz: float, n_samples: int, band: Tensor) -> None:
        """Refuse what a sampling rate does not allow, before any record is processed.

        Args:
            sampling_rate_hz: Rate of the records.
            n_samples: Their length.
            band: ``(B,)`` rows of the band table.

        Raises:
            BandError: The low corner of a band in use is at or above 0.8 of the Nyquist frequency.
            ConfigurationError: The rate cannot be resampled.
        """
        make_plan(self.settings, self.table, sampling_rate_hz, n_samples, torch.device("cpu")).refuse(band)

    def n_samples(self, length_s: float) -> int:
        """Return the samples of a record of a given length after preprocessing.

        Args:
            length_s: Seconds from the first to the last sample.
        """
        return round(length_s * self.settings.sampling_rate_hz) + 1

    def resampled_length(self, n_samples: int, sampling_rate_hz: float) -> int:
        """Return the length of a record after preprocessing.

        Args:
            n_samples: Its length before.
            sampling_rate_hz: Its sampling rate.
        """
        return resampled_length(n_samples, sampling_rate_hz, self.settings.sampling_rate_hz)

    def forward(
        self,
        waveform: Tensor,
        sampling_rate_hz: float,
        band: Tensor,
        instrument: Tensor | None = None,
        *,
        gapless: bool = False,
    ) -> Tensor:
        """Preprocess records of one sampling rate.

        Args:
            waveform: ``(B, C, N)`` int32 counts (gaps: lowest int32) or floating-point samples (gaps: NaN).
            sampling_rate_hz: Their sampling rate.
            band: ``(B,)`` rows of the band table.
            instrument: ``(B, C)`` int64 place of each component's sensitivity, or of its response, whichever
                the units ask for; None for counts.
            gapless: Whether no sample is known to be missing.

        Returns:
            ``(B, C, N')`` samples at the common rate, in the unit of the input or in units of ground motion.

        Raises:
            BandError: A band in use is not possible at this rate; see ``Plan.refuse`` for accelerators.
            ConfigurationError: The rate cannot be resampled, or ground motion lacks its instruments.
        """
        if self.settings.units == "counts":
            instrument = None
        elif instrument is None or self.instruments is None:
            raise ConfigurationError(
                f"preprocess.units={self.settings.units} needs the instruments of the records; use "
                "preprocess.units=counts without them"
            )
        plan = self._plan(sampling_rate_hz, waveform.shape[-1], waveform.device)
        plan.refuse(band)
        chunks = plan.chunks(len(band), waveform.device, waveform.shape[1] * waveform.shape[2])
        if len(chunks) == 1:
            return self._process(waveform, plan, band, instrument, gapless=gapless)
        shape = (*waveform.shape[:-1], plan.n_samples)
        batch = torch.empty(shape, dtype=self.dtype, device=waveform.device)
        for place in chunks:
            own = None if instrument is None else instrument[place]
            batch[place] = self._process(waveform[place], plan, band[place], own, gapless=gapless)
        return batch

    def _process(
        self,
        waveform: Tensor,
        plan: Plan,
        band: Tensor,
        instrument: Tensor | None,
        *,
        gapless: bool,
    ) -> Tensor:
        """Preprocess as many records as are worked on at once."""
        gaps = find_gaps(waveform, gapless)
        offset = first_valid(waveform, gaps)
        samples = subtract_exactly(waveform, offset, self.dtype)
        if gaps is not None:
            samples = fill_gaps(samples, gaps)
        filtered = len(self.table) > 0 or plan.removal is not None
        untouched = not (self.settings.detrend or len(plan.ramp) or filtered)
        if self.settings.detrend:
            detrend_(samples)
        elif not untouched:
            samples += offset  # it is part of what is tapered and filtered
        taper_(samples, plan.ramp)
        if plan.removal is not None and instrument is not None:
            samples = plan.removal(samples, instrument)
        samples = self._filter_and_resample(samples, plan.filter, band)[..., : plan.n_samples]
        if untouched:
            # Merely resampled records get their offset back: in the transforms its steps at both ends would
            # ring.
            samples = samples.add_(offset)
        if plan.gain is not None and instrument is not None:
            samples = samples.mul_(plan.gain[instrument].unsqueeze(-1))
        return samples

    def _filter_and_resample(self, samples: Tensor, how: Filter, band: Tensor) -> Tensor:
        """Carry tapered records through filter and resampling, which transforms do at once."""
        zero_phase = self.settings.zero_phase
        if how.circular is not None:
            return how.circular(samples, band)
        if how.lengths is None:
            if how.recursion is None:
                return samples
            return (how.recursion.both_ways if zero_phase else how.recursion.forwards)(samples, band)
        native, target = how.lengths
        spectrum = torch.fft.rfft(samples, native, norm="forward")
        if how.responses is not None:
            responses = how.responses.index_select(0, band).unsqueeze(1)
            if zero_phase:
                spectrum = bandpass.filter_both_ways(spectrum, responses, native, samples.shape[-1])
            else:
                spectrum = bandpass.filter_causally_(spectrum, responses)
        resampled: Tensor = torch.fft.irfft(resize_spectrum(spectrum, how.lengths), target, norm="forward")
        return resampled

    def _plan(self, sampling_rate_hz: float, n_samples: int, device: torch.device) -> Plan:
        """Return the plan for records of one kind, made once."""
        key = (sampling_rate_hz, n_samples, device)
        if key not in self._plans:
            plan = make_plan(self.settings, self.table, sampling_rate_hz, n_samples, device)
            self._plans[key] = self._with_instruments(plan, *key)
        return self._plans[key]

    def _with_instruments(
        self, plan: Plan, sampling_rate_hz: float, n_samples: int, device: torch.device
    ) -> Plan:
        """Add to a plan what the units ask for."""
        if self.instruments is None or self.settings.units == "counts":
            return plan
        if self.settings.units == "velocity":
            removal = make_removal(self.instruments, sampling_rate_hz, n_samples, self.dtype, device)
            return replace(plan, removal=removal)
        return replace(plan, gain=torch.from_numpy(1.0 / self.instruments.sensitivity).to(device, self.dtype))


def _checked(settings: PreprocessSettings) -> PreprocessSettings:
    """Return the settings as plain values, after a check of each number."""
    if not settings.sampling_rate_hz > 0:
        raise ConfigurationError(
            f"preprocess.sampling_rate_hz must be positive, got {settings.sampling_rate_hz}"
        )
    if not 0 <= settings.taper_fraction <= 0.5:
        raise ConfigurationError(f"preprocess.taper_fraction must be 0 to 0.5, got {settings.taper_fraction}")
    if settings.corners < 1:
        raise ConfigurationError(f"preprocess.corners must be at least 1, got {settings.corners}")
    if settings.units not in UNITS:
        raise ConfigurationError(f"preprocess.units must be {' or '.join(UNITS)}, got {settings.units!r}")
    if settings.dtype not in DTYPES:
        raise ConfigurationError(f"preprocess.dtype must be {' or '.join(DTYPES)}, got {settings.dtype!r}")
    try:
        bands_hz = {
            str(family): [[float(corner) for corner in band] for band in bands]
            for family, bands in settings.bands_hz.items()
        }
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            f"preprocess.bands_hz needs a list of bands [low, high] in Hz per family, got {settings.bands_hz}"
        ) from error
    return replace(
        settings,
        sampling_rate_hz=float(settings.sampling_rate_hz),
        magnitude_edges=[float(edge) for edge in settings.magnitude_edges],
        bands_hz=bands_hz,
        aliases={str(alias): str(family) for alias, family in settings.aliases.items()},
    )
