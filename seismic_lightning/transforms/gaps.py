"""Gaps in raw samples: found by their fill value, bridged by straight lines, never left as steps.

A gap that reaches a filter as zeros is a step of the channel's offset, often thousands of counts. A straight
line between the two edges has no step and little energy in any passband. Integer counts are made relative to
each trace's first sample *before* they become floating point, so that a large offset costs no precision.
"""

import torch
from torch import Tensor

from seismic_lightning.codes import FILL_COUNTS


def gap_mask(waveform: Tensor) -> Tensor:
    """Tell which samples are missing.

    Args:
        waveform: ``(..., N)`` integer counts or floating-point samples.

    Returns:
        ``(..., N)`` bool, true inside gaps.
    """
    return waveform.isnan() if waveform.is_floating_point() else waveform == FILL_COUNTS


def find_gaps(waveform: Tensor, gapless: bool = False) -> Tensor | None:
    """Tell which samples are missing, and cheaply when none is.

    An accelerator is not asked, as that would stall it: there it counts what the host knows, and without
    such knowledge the answer is a mask, whose gaps take longer to fill than all else that is done to records.

    Args:
        waveform: ``(..., N)`` integer counts or floating-point samples.
        gapless: Whether none is known to be missing.

    Returns:
        ``(..., N)`` bool, or None where nothing is missing.
    """
    if _answers_at_once(waveform):
        gapless = not bool(gap_mask(torch.aminmax(waveform).min))  # NaN if there is one
    if gapless:
        return None
    return gap_mask(waveform)


def first_valid(waveform: Tensor, gaps: Tensor | None = None) -> Tensor:
    """Take the first sample of each trace that is not missing.

    Args:
        waveform: ``(..., N)`` samples.
        gaps: ``(..., N)`` bool from ``gap_mask``, or None where nothing is missing.

    Returns:
        ``(..., 1)`` samples of the same type; zero for a trace without any sample.
    """
    if gaps is None:
        return waveform[..., :1]
    place = (~gaps).byte().argmax(-1, keepdim=True)
    first = waveform.gather(-1, place)
    return torch.where(gaps.gather(-1, place), torch.zeros_like(first), first)


def subtract_exactly(waveform: Tensor, offset: Tensor, dtype: torch.dtype) -> Tensor:
    """Subtract an offset in the samples' own arithmetic and only then go over to floating point.

    Integers are subtracted as integers: 1,000,003 - 1,000,001 is 2 whatever the precision that follows.
    Counts so large that the difference could leave 32 bits are widened, on an accelerator in registers.

    Args:
        waveform: ``(..., N)`` integer counts or floating-point samples.
        offset: ``(..., 1)`` value of each trace, of the same type.
        dtype: Floating-point type of the result.

    Returns:
        ``(..., N)`` differences, a new tensor.
    """
    if waveform.is_floating_point():
        wide = torch.promote_types(waveform.dtype, dtype)
        return (waveform.to(wide) - offset.to(wide)).to(dtype)
    if waveform.dtype == torch.int32 and _fits_half_range(waveform):
        return (waveform - offset).to(dtype)
    difference = torch.empty(waveform.shape, dtype=dtype, device=waveform.device)
    return torch.sub(waveform, offset.to(torch.int64), out=difference)


def _fits_half_range(counts: Tensor) -> bool:
    """Tell whether no difference of two counts can overflow; where asking would stall, say no."""
    if not _answers_at_once(counts):
        return False
    lowest, highest = torch.aminmax(counts)
    return bool(lowest >= -(2**30)) and bool(highest < 2**30)


def _answers_at_once(waveform: Tensor) -> bool:
    """Tell whether a value can be looked at without waiting for a queue of work."""
    return waveform.device.type == "cpu"


def fill_gaps(waveform: Tensor, gaps: Tensor) -> Tensor:
    """Bridge every gap by a straight line between its edges.

    A gap at the end of a trace repeats the nearest sample. A trace without any sample becomes zeros: there is
    nothing to interpolate.

    Args:
        waveform: ``(..., N)`` floating-point samples; values inside gaps are ignored.
        gaps: ``(..., N)`` bool, true inside gaps.

    Returns:
        ``(..., N)`` samples without gaps, a new tensor.
    """
    n_samples = waveform.shape[-1]
    place = torch.arange(n_samples, device=waveform.device).expand(waveform.shape)
    before = torch.where(gaps, -1, place).cummax(-1).values
    after = torch.where(gaps, n_samples, place).flip(-1).cummin(-1).values.flip(-1)
    before, after = (
        torch.where(before < 0, after, before).clamp(max=n_samples - 1),
        torch.where(after == n_samples, before, after).clamp(min=0),
    )
    left, right = waveform.gather(-1, before), waveform.gather(-1, after)
    share = (place - before).to(waveform.dtype) / (after - before).clamp(min=1)
    bridged = torch.where(gaps, torch.lerp(left, right, share), waveform)
    return bridged.masked_fill(gaps.all(-1, keepdim=True), 0.0)
