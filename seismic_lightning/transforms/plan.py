"""What preprocessing needs for records of one sampling rate and length: filters, taper and transform lengths.

A processor filters by recursion, and transforms only to resample, without padding for the filter. An
accelerator filters by transforms, padded for the band that rings longest: a 2 Hz corner needs half a second
beyond the record's end, a 0.1 Hz corner more than a minute.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from seismic_lightning.codes import USABLE_SHARE_OF_NYQUIST
from seismic_lightning.errors import BandError
from seismic_lightning.transforms import bandpass
from seismic_lightning.transforms.bands import BandTable
from seismic_lightning.transforms.circular import CircularBandpass
from seismic_lightning.transforms.recursion import BlockRecursion
from seismic_lightning.transforms.resample import FftLengths, fft_lengths, resampled_length
from seismic_lightning.transforms.response import Removal
from seismic_lightning.transforms.settings import PreprocessSettings
from seismic_lightning.transforms.taper import cosine_ramp

DTYPES = {"float32": torch.float32, "float64": torch.float64}
"""Working precisions by the name used in settings."""

_WRAPPED_SHARE = {"float32": 2e-8, "float64": 1e-12}
"""What may be left of a filter's response where it wraps around: below what the precision resolves."""

_RESAMPLING_PAD_S = 10.0
"""Padding without a filter: there the interpolation's tails are a thousandth of a step at the ends."""

_CIRCULAR_PAD_SAMPLES = 128
"""Zeros between a record and its repetition where it is filtered and resampled at once, in samples of the
lower rate: they hold the interpolation's tails, and at least a block of the recursion."""

_CACHE_CHUNK, RECURSION_CHUNK, _DEVICE_VALUES = 8, 16, 2**25
"""What is worked on at once: records whose transforms fit the processor's cache, records over which the many
small steps of a recursion are shared, or values that bound the memory of an accelerator, 128 MB in single
precision for each of the few intermediate results."""


def chunk_size(device: torch.device, values_per_record: int) -> int:
    """Return the number of records to work on at once.

    Args:
        device: Where the records are.
        values_per_record: Size of the largest intermediate result for one record.
    """
    return _CACHE_CHUNK if device.type == "cpu" else max(1, _DEVICE_VALUES // values_per_record)


@dataclass(frozen=True)
class Filter:
    """What is done to a record between taper and result.

    Attributes:
        lengths: Transform lengths; None where samples pass without a transform.
        responses: ``(rows, F)`` complex responses of a filter by transforms; None where there is none.
        recursion: A filter by recursion; None where there is none.
        circular: Filter and resampling in one; None where records are filtered otherwise.
    """

    lengths: FftLengths | None
    responses: Tensor | None = None
    recursion: BlockRecursion | None = None
    circular: CircularBandpass | None = None


@dataclass(frozen=True)
class Plan:
    """Everything that depends on sampling rate, record length and device only.

    Attributes:
        n_samples: Length of the records at the common rate.
        ramp: ``(m,)`` taper.
        filter: Band-pass and resampling.
        n_rows: Rows of the band table.
        refused: Message for each row that this sampling rate does not allow.
        removal: Inverse instrument responses; None unless they are to be removed.
        gain: ``(n,)`` reciprocal sensitivities; None unless samples are to be multiplied with them.
    """

    n_samples: int
    ramp: Tensor
    filter: Filter
    n_rows: int
    refused: dict[int, str]
    removal: Removal | None = None
    gain: Tensor | None = None

    def refuse(self, band: Tensor) -> None:
        """Raise where a record uses a band that its sampling rate does not allow.

        Bands that lie on an accelerator are not looked at unless none is possible: who sends them has checked
        them, and what slips through is filtered to NaN.

        Args:
            band: ``(B,)`` rows of the band table.

        Raises:
            BandError: The low corner of a band in use is at or above the highest usable corner.
        """
        if self.refused:
            at_once = band.device.type == "cpu"
            all_of_them = set(self.refused) if len(self.refused) == self.n_rows else set()
            used = sorted((set(band.tolist()) & self.refused.keys()) if at_once else all_of_them)
            if used:
                raise BandError("; ".join(self.refused[row] for row in used))

    def chunks(self, n_records: int, device: torch.device, values_per_record: int) -> list[slice]:
        """Divide a batch into what is worked on at once.

        Args:
            n_records: Its records.
            device: Where they are.
            values_per_record: Samples of one record, components counted.
        """
        size = chunk_size(device, values_per_record)
        if self.filter.recursion is not None or self.filter.circular is not None:
            size = RECURSION_CHUNK
        return [slice(start, start + size) for start in range(0, n_records, size)]


def make_plan(
    settings: PreprocessSettings, table: BandTable, rate_hz: float, n_samples: int, device: torch.device
) -> Plan:
    """Design filter and taper.

    Args:
        settings: What to do.
        table: Bands of the same settings.
        rate_hz: Sampling rate of the records.
        n_samples: Their length.
        device: Where they are.

    Raises:
        ConfigurationError: The rate cannot be resampled to the common one.
    """
    target_hz = settings.sampling_rate_hz
    ramp = torch.from_numpy(cosine_ramp(n_samples, settings.taper_fraction))
    make = _recursion if recurses(settings, table, device) else _transforms
    return Plan(
        n_samples=resampled_length(n_samples, rate_hz, target_hz),
        ramp=ramp.to(device, DTYPES[settings.dtype]),
        filter=make(settings, table, rate_hz, n_samples, device),
        n_rows=len(table),
        refused=_refusals(table, rate_hz, target_hz),
    )


def recurses(settings: PreprocessSettings, table: BandTable, device: torch.device) -> bool:
    """Tell whether records are filtered by recursion, which a processor does faster than by transforms.

    Args:
        settings: What to do.
        table: Bands of the same settings.
        device: Where the records are.
    """
    return device.type == "cpu" and settings.corners % 2 == 0 and len(table) > 0


def _recursion(
    settings: PreprocessSettings, table: BandTable, rate_hz: float, n_samples: int, _: torch.device
) -> Filter:
    """Return a filter by recursion, or its counterpart where the rate is to change."""
    target_hz, dtype = settings.sampling_rate_hz, DTYPES[settings.dtype]
    corners_hz = table.clipped_hz(table.limit_hz(rate_hz, target_hz))[0]
    if rate_hz == target_hz:
        return Filter(None, recursion=BlockRecursion(corners_hz, settings.corners, rate_hz, dtype))
    pad_s = _CIRCULAR_PAD_SAMPLES / min(rate_hz, target_hz)
    lengths = fft_lengths(n_samples / rate_hz + pad_s, rate_hz, target_hz)
    circular = CircularBandpass(
        corners_hz,
        settings.corners,
        rate_hz,
        lengths,
        dtype,
        n_samples=n_samples,
        both_ways=settings.zero_phase,
    )
    return Filter(None, circular=circular)


def _transforms(
    settings: PreprocessSettings, table: BandTable, rate_hz: float, n_samples: int, device: torch.device
) -> Filter:
    """Return a filter by transforms long enough for all bands, or mere resampling without any band."""
    target_hz, dtype = settings.sampling_rate_hz, DTYPES[settings.dtype]
    corners_hz, _, impossible = table.clipped_hz(table.limit_hz(rate_hz, target_hz))
    possible = np.flatnonzero(~impossible)
    if not len(possible):
        resampling = fft_lengths(n_samples / rate_hz + _RESAMPLING_PAD_S, rate_hz, target_hz)
        return Filter(None if rate_hz == target_hz else resampling)
    lasting = -math.log(_WRAPPED_SHARE[settings.dtype])  # in time constants
    decay_s = max(
        bandpass.decay_s(low_hz, high_hz, settings.corners, rate_hz)
        for low_hz, high_hz in corners_hz[possible]
    )
    lengths = fft_lengths(n_samples / rate_hz + lasting * decay_s, rate_hz, target_hz)
    responses = torch.full((len(table), lengths.native // 2 + 1), torch.nan, dtype=torch.complex128)
    responses[possible] = torch.from_numpy(
        bandpass.response(corners_hz[possible], settings.corners, rate_hz, lengths.native)
    )
    return Filter(lengths, responses.to(device, dtype.to_complex()))


def _refusals(table: BandTable, rate_hz: float, target_hz: float) -> dict[int, str]:
    """Return what to say of each row of the band table that a sampling rate does not allow."""
    limit_hz = table.limit_hz(rate_hz, target_hz)
    _, _, impossible = table.clipped_hz(limit_hz)
    return {
        int(row): f"band {table.names[row]}: its low corner {table.corners_hz[row, 0]:g} Hz is at or above "
        f"{limit_hz:g} Hz, {USABLE_SHARE_OF_NYQUIST} of the Nyquist frequency at "
        f"{min(rate_hz, target_hz):g} Hz"
        for row in np.flatnonzero(impossible)
    }
