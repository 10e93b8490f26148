"""Segments of one event file onto one grid: the part around P, with gaps known as gaps.

The grid is that of the vertical component (or the first that has samples): its sample nearest to the wanted
start opens the window. Other components, and segments after a time jump, are shifted to the nearest sample of
that grid; what is left over, at most half a sample, is returned rather than hidden by interpolation.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.codes import COMPONENTS, FILL_COUNTS, NANOSECONDS_PER_S
from seismic_lightning.errors import WaveformError
from seismic_lightning.records.inventory import Epoch
from seismic_lightning.records.orientation import NEGLIGIBLE, Arrangement, arrange, rotate
from seismic_lightning.records.standstill import Standstill, standstill
from seismic_lightning.records.waveform import Segment

MIN_SAMPLES_S = 1.0
"""A file must hold this much of the window, in seconds, to be measured at all."""


class Request(NamedTuple):
    """What to cut out of a file.

    Attributes:
        p_ns: P onset, nanoseconds since 1970 (UTC).
        before_p_s: Seconds before P.
        length_s: Seconds from the first to the last sample.
        orientation: ``strict`` or ``as_is``, see :mod:`seismic_lightning.records.orientation`.
        components: ``ZNE``, or ``Z`` for the vertical alone.
    """

    p_ns: int
    before_p_s: float
    length_s: float
    orientation: str
    components: str = COMPONENTS


class Window(NamedTuple):
    """The components of one record on one grid.

    Attributes:
        sampling_rate_hz: Nominal rate.
        start_ns: Time of sample 0, nanoseconds since 1970 (UTC).
        samples: ``(C, N)`` int32 counts or float32 SI units, order Z, N, E; missing samples hold the fill
            value.
        missing: ``(C, N)`` True where no sample was recorded.
        remainder_s: ``(C,)`` largest shift of a component onto the grid, seconds, positive where its samples
            are later than the grid says; NaN for an absent component.
        unit: ``counts``, ``mps`` or ``mps2``.
        still: How long the components stand still; a rotated one as long as any channel it is made of.
        letters: Last letters of the channels that the components keep the names of: those of the file, or
            Z, N, E after a rotation and where a channel is absent.
        sources: Letters of the channels that each component is made of.
    """

    sampling_rate_hz: float
    start_ns: int
    samples: NDArray[Any]
    missing: NDArray[np.bool_]
    remainder_s: NDArray[np.float64]
    unit: str
    still: Standstill
    letters: str
    sources: tuple[tuple[str, ...], ...] = ()


def cut_window(segments: Sequence[Segment], epochs: Mapping[str, Epoch | None], request: Request) -> Window:
    """Make one record's window from the segments of its file.

    Args:
        segments: Segments of one station, location and family.
        epochs: Channel metadata by component letter, for the rotation.
        request: What to cut.

    Returns:
        The window; rotated counts are rounded to whole counts.

    Raises:
        WaveformError: ``mixed_rates``, ``odd_rate``, ``too_short``, ``overlap``, ``not_finite``,
            ``dead_component``, ``overflow``, ``no_orientation``, ``extra_channels`` or, where the vertical
            alone is asked for, ``missing_component``.
    """
    by_letter = _by_letter(segments, request.components)
    arrangement = arrange(list(by_letter), epochs, request.orientation)
    n_rows = len(request.components) if arrangement.matrix is None else len(COMPONENTS)
    channels = [by_letter.get(letter, []) for letter in arrangement.channels[:n_rows]]
    used = [segment for parts in channels for segment in parts]
    if not used:
        found = ", ".join(sorted(by_letter))
        raise WaveformError("missing_component", f"no vertical channel, only {found}")
    rate_hz = _nominal_rate_hz({segment.sampling_rate_hz for segment in used}, request.length_s)
    n_samples = round(request.length_s * rate_hz) + 1
    start_ns = _grid_start_ns(channels, request, rate_hz)
    dtype = np.result_type(*(segment.samples.dtype for segment in used))
    stack = np.zeros((n_rows, n_samples), dtype=dtype)
    missing = np.ones(stack.shape, dtype=np.bool_)
    remainder_s = np.full(n_rows, np.nan)
    for row, parts in enumerate(channels):
        remainder_s[row] = _place(parts, (start_ns, rate_hz), stack[row], missing[row])
    _check(stack, missing, arrangement.channels[:n_rows], rate_hz)
    still = standstill(stack, missing, rate_hz)
    whole = dtype.kind == "i" or not np.any(stack % 1)
    family = segments[0].seed_id.family
    unit = "counts" if whole else "mps2" if family[1:] == "N" else "mps"
    if arrangement.matrix is not None:
        rotation = arrangement.matrix[: len(request.components)]
        still = Standstill(*(_longest(measure, rotation) for measure in still))
        stack, missing, remainder_s = _rotated(stack, missing, remainder_s, rotation)
    letters, sources = _letters(arrangement, request.components), arrangement.sources
    stored = _stored(stack, missing, unit)
    of_components = (still, letters, sources[: len(request.components)])
    return Window(rate_hz, start_ns, stored, missing, remainder_s, unit, *of_components)


def _letters(arrangement: Arrangement, components: str) -> str:
    """Return the letters under which the components leave: a rotated one is no longer its channel."""
    if arrangement.matrix is not None:
        return components
    channels = arrangement.channels[: len(components)]
    return "".join(letter or component for letter, component in zip(channels, components, strict=True))


def _by_letter(segments: Sequence[Segment], components: str) -> dict[str, list[Segment]]:
    """Sort segments by component letter; where the vertical is enough, nothing else can spoil the record."""
    by_letter: dict[str, list[Segment]] = {}
    for segment in segments:
        by_letter.setdefault(segment.seed_id.component, []).append(segment)
    if components != COMPONENTS and "Z" in by_letter:
        return {"Z": by_letter["Z"]}
    return by_letter


def _nominal_rate_hz(rates_hz: set[float], length_s: float) -> float:
    """Snap to quarters of a hertz where the clock error over the window stays below half a sample."""
    nominal_hz = {round(4 * rate_hz) / 4 for rate_hz in rates_hz}
    if len(nominal_hz) > 1:
        raise WaveformError("mixed_rates", f"rates {', '.join(f'{rate:g}' for rate in sorted(rates_hz))} Hz")
    nominal = nominal_hz.pop()
    drift = max(abs(rate_hz - nominal) for rate_hz in rates_hz) * length_s
    if nominal <= 0 or drift >= 0.5:
        rate = next(iter(rates_hz))
        raise WaveformError("odd_rate", f"{rate:.9g} Hz drifts {drift:.1f} samples from {nominal:g} Hz")
    return nominal


def _grid_start_ns(channels: list[list[Segment]], request: Request, rate_hz: float) -> int:
    """Find the time of the grid's first sample."""
    wanted_ns = request.p_ns - round(request.before_p_s * NANOSECONDS_PER_S)
    stop_ns = wanted_ns + round(request.length_s * NANOSECONDS_PER_S)
    for segment in (segment for parts in channels for segment in parts):
        duration_ns = (segment.samples.size - 1) / rate_hz * NANOSECONDS_PER_S
        if segment.start_ns <= stop_ns and segment.start_ns + duration_ns >= wanted_ns:
            steps = round((wanted_ns - segment.start_ns) * rate_hz / NANOSECONDS_PER_S)
            return segment.start_ns + round(steps / rate_hz * NANOSECONDS_PER_S)
    raise WaveformError("too_short", "no sample of the file lies in the window around P")


def _place(
    parts: list[Segment], grid: tuple[int, float], row: NDArray[Any], missing: NDArray[np.bool_]
) -> float:
    """Copy segments into one row of the window and return their largest shift in seconds."""
    start_ns, rate_hz = grid
    largest = float("nan")
    for part in parts:
        offset = (part.start_ns - start_ns) * rate_hz / NANOSECONDS_PER_S
        first = round(offset)
        begin, end = max(first, 0), min(first + part.samples.size, row.size)
        if begin >= end:
            continue
        shift = round(offset - first, 6) / rate_hz  # a millionth of a sample is rounding, not a shift
        if not abs(shift) <= abs(largest):
            largest = shift
        new = part.samples[begin - first : end - first]
        known = ~missing[begin:end]
        if known.any() and not np.array_equal(
            row[begin:end][known], new[known], equal_nan=new.dtype.kind == "f"
        ):
            raise WaveformError(
                "overlap", f"{part.seed_id}: two segments hold different samples for one time"
            )
        row[begin:end] = new
        missing[begin:end] = False
    return largest


def _check(stack: NDArray[Any], missing: NDArray[np.bool_], letters: Sequence[str], rate_hz: float) -> None:
    """Refuse samples that are no ground motion."""
    counts = stack.shape[1] - missing.sum(axis=1)
    if counts.max() < MIN_SAMPLES_S * rate_hz:
        raise WaveformError(
            "too_short", f"{counts.max() / rate_hz:.2f} s of the file lie in the window around P"
        )
    if stack.dtype.kind == "f" and not np.isfinite(stack).all():
        raise WaveformError("not_finite", "samples that are NaN or infinite")
    for letter, row, absent, count in zip(letters, stack, missing, counts, strict=True):
        if count > 1 and np.all(row[~absent] == row[np.argmin(absent)]):
            value = float(row[np.argmin(absent)])
            raise WaveformError("dead_component", f"channel {letter} is {value:g} throughout the window")


def _rotated(
    stack: NDArray[Any],
    missing: NDArray[np.bool_],
    remainder_s: NDArray[np.float64],
    matrix: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    """Rotate; a component misses a sample where any channel it is made of does."""
    needs = np.abs(matrix) > NEGLIGIBLE
    gaps = np.stack([missing[need].any(axis=0) for need in needs])
    shifts = np.stack([_largest(remainder_s[need]) for need in needs])
    return rotate(stack.astype(np.float64), matrix), gaps, shifts


def _longest(stretches_s: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each rotated component the longest stretch of the channels it is made of."""
    return np.array([stretches_s[need].max() for need in np.abs(matrix) > NEGLIGIBLE])


def _largest(shifts_s: NDArray[np.float64]) -> np.float64:
    """Return the shift that is largest in size, keeping its sign; NaN if any is unknown."""
    return np.float64(shifts_s[np.argmax(np.abs(shifts_s))])


def _stored(stack: NDArray[Any], missing: NDArray[np.bool_], unit: str) -> NDArray[Any]:
    """Bring samples to the type of the store and mark what is missing."""
    if unit != "counts":
        return np.where(missing, np.float32(np.nan), stack.astype(np.float32))
    whole = np.rint(stack) if stack.dtype.kind == "f" else stack
    if np.any(np.abs(whole.astype(np.float64)) >= -FILL_COUNTS):
        raise WaveformError("overflow", f"counts beyond +-{-FILL_COUNTS}")
    return np.where(missing, np.int32(FILL_COUNTS), whole.astype(np.int32))
