"""What preprocessing needs for records of one sampling rate and length: filters, taper and transform lengths.

Padding is chosen per band: a 2 Hz corner needs half a second beyond the record's end where a 0.1 Hz corner
needs more than a minute. On the CPU, records are therefore transformed together with those that need the same
length; an accelerator takes them all at the longest, which spares it a question to the host.
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

_TOLERATED_EXCESS = 1.25
"""Records share a transform up to this much longer than theirs, so that few serve a batch."""

_CACHE_CHUNK, _RECURSION_CHUNK, _DEVICE_VALUES = 8, 16, 2**25
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
class FilterBank:
    """Filters that share one pair of transform lengths, or that need none.

    Attributes:
        lengths: Transform lengths; None where samples pass without a transform.
        filters: ``(rows, F)`` complex responses, NaN in rows of other banks; None without a band table.
        recursion: What filters instead of the transforms; None where they do.
    """

    lengths: FftLengths | None
    filters: Tensor | None = None
    recursion: BlockRecursion | None = None


@dataclass(frozen=True)
class Plan:
    """Everything that depends on sampling rate, record length and device only.

    Attributes:
        n_samples: Length of the records at the common rate.
        ramp: ``(m,)`` taper.
        banks: Filters by transform length.
        bank_of_row: ``(rows,)`` int64 bank of each row of the band table.
        refused: Message for each row that this sampling rate does not allow.
        removal: Inverse instrument responses; None unless they are to be removed.
        gain: ``(n,)`` reciprocal sensitivities; None unless samples are to be multiplied with them.
    """

    n_samples: int
    ramp: Tensor
    banks: list[FilterBank]
    bank_of_row: Tensor
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
            all_of_them = set(self.refused) if len(self.refused) == len(self.bank_of_row) else set()
            used = sorted((set(band.tolist()) & self.refused.keys()) if at_once else all_of_them)
            if used:
                raise BandError("; ".join(self.refused[row] for row in used))

    def chunks(self, band: Tensor, values_per_record: int) -> list[tuple[FilterBank, Tensor | slice]]:
        """Divide records into chunks that go through the same transforms.

        Args:
            band: ``(B,)`` rows of the band table.
            values_per_record: Samples of one record, components counted.

        Returns:
            Each chunk's filters and the places of its records, ``(n,)`` or a slice.
        """
        size = chunk_size(band.device, values_per_record)
        if self.banks[0].recursion is not None:
            size = _RECURSION_CHUNK
        if len(self.banks) == 1:
            return [(self.banks[0], slice(start, start + size)) for start in range(0, len(band), size)]
        chunks: list[tuple[FilterBank, Tensor | slice]] = []
        for index, bank in enumerate(self.banks):
            members = (self.bank_of_row[band] == index).nonzero().squeeze(1)
            chunks += [(bank, members[start : start + size]) for start in range(0, len(members), size)]
        return chunks


def make_plan(
    settings: PreprocessSettings, table: BandTable, rate_hz: float, n_samples: int, device: torch.device
) -> Plan:
    """Design filters, taper and transform lengths.

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
    if recurses(settings, table, rate_hz, device):
        corners_hz, _, _ = table.clipped_hz(table.limit_hz(rate_hz, target_hz))
        recursion = BlockRecursion(corners_hz, settings.corners, rate_hz, DTYPES[settings.dtype])
        banks, bank_of_row = [FilterBank(None, recursion=recursion)], [0] * len(table)
    elif len(table):
        banks, bank_of_row = _banks(settings, table, rate_hz, n_samples, device)
    else:
        resampling = fft_lengths(n_samples / rate_hz + _RESAMPLING_PAD_S, rate_hz, target_hz)
        banks, bank_of_row = [FilterBank(None if rate_hz == target_hz else resampling)], [0]
    ramp = torch.from_numpy(cosine_ramp(n_samples, settings.taper_fraction))
    return Plan(
        n_samples=resampled_length(n_samples, rate_hz, target_hz),
        ramp=ramp.to(device, DTYPES[settings.dtype]),
        banks=banks,
        bank_of_row=torch.tensor(bank_of_row, device=device),
        refused=_refusals(table, rate_hz, target_hz),
    )


def recurses(settings: PreprocessSettings, table: BandTable, rate_hz: float, device: torch.device) -> bool:
    """Tell whether records are filtered by recursion, which a processor does faster than transforms.

    Args:
        settings: What to do.
        table: Bands of the same settings.
        rate_hz: Sampling rate of the records; to resample them takes transforms anyway.
        device: Where they are.
    """
    at_home = device.type == "cpu" and rate_hz == settings.sampling_rate_hz
    return at_home and settings.corners % 2 == 0 and len(table) > 0


def _banks(
    settings: PreprocessSettings, table: BandTable, rate_hz: float, n_samples: int, device: torch.device
) -> tuple[list[FilterBank], list[int]]:
    """Return filters by transform length and the place of each band's among them."""
    corners_hz, _, _ = table.clipped_hz(table.limit_hz(rate_hz, settings.sampling_rate_hz))
    excess = _TOLERATED_EXCESS if device.type == "cpu" else math.inf
    lengths = _shared(_lengths_of_rows(settings, table, rate_hz, n_samples), excess)
    distinct = sorted(set(lengths.values()))
    banks = []
    for length in distinct:
        rows = [row for row, own in lengths.items() if own == length]
        filters = torch.full((len(table), length.native // 2 + 1), torch.nan, dtype=torch.complex128)
        filters[rows] = torch.from_numpy(
            bandpass.response(corners_hz[rows], settings.corners, rate_hz, length.native)
        )
        banks.append(FilterBank(length, filters.to(device, DTYPES[settings.dtype].to_complex())))
    return banks, [distinct.index(lengths[row]) if row in lengths else 0 for row in range(len(table))]


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


def _lengths_of_rows(
    settings: PreprocessSettings, table: BandTable, rate_hz: float, n_samples: int
) -> dict[int, FftLengths]:
    """Return the transform lengths that each possible row of the band table needs."""
    limit_hz = table.limit_hz(rate_hz, settings.sampling_rate_hz)
    corners_hz, _, impossible = table.clipped_hz(limit_hz)
    lasting = -math.log(_WRAPPED_SHARE[settings.dtype])  # in time constants
    lengths = {}
    for row in np.flatnonzero(~impossible):
        low_hz, high_hz = corners_hz[row]
        pad_s = lasting * bandpass.decay_s(low_hz, high_hz, settings.corners, rate_hz)
        lengths[int(row)] = fft_lengths(n_samples / rate_hz + pad_s, rate_hz, settings.sampling_rate_hz)
    return lengths


def _shared(lengths: dict[int, FftLengths], excess: float) -> dict[int, FftLengths]:
    """Let each row use a longer row's transform where that is not too much longer."""
    shared: dict[int, FftLengths] = {}
    longest: FftLengths | None = None
    for row, length in sorted(lengths.items(), key=lambda item: item[1], reverse=True):
        if longest is None or longest.native > excess * length.native:
            longest = length
        shared[row] = longest
    return shared
