"""Instrument responses of a StationXML file as complex numbers, all stages together.

A response is counts per m/s of ground velocity, also for accelerometers and whatever the stages are: poles
and zeros, FIR filters, decimations, gains. evalresp, the field's reference, works them out once, at
frequencies between which a cubic spline finds the rest to better than 1e-5. Sensor corners need points evenly
spaced in the logarithm of frequency, FIR filters points evenly spaced in frequency; the grid has both.

References:
    FDSN (2019), StationXML schema 1.2, https://docs.fdsn.org/projects/stationxml.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.codes import SeedId, plain_code
from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.inventory import is_counts, unit_of

if TYPE_CHECKING:
    from obspy import UTCDateTime
    from obspy.core.inventory.response import Response

LOWEST_HZ = 0.01
LINEAR_SHARE = 0.05
"""Share of the Nyquist frequency above which points are evenly spaced in frequency."""
N_LOGARITHMIC, N_LINEAR = 256, 1024
N_FREQUENCIES = N_LOGARITHMIC + N_LINEAR
_MOTION = ("M", "M/S", "M/S2", "M/S/S")
_PREFIXES = ("N", "U", "M", "C")
LARGEST_MISMATCH = 0.05
"""Relative difference between stated sensitivity and stages that goes unremarked."""
LOWEST_RATE_HZ = 2.0
"""Below, the logarithmic part of the grid would have no room."""


class ChannelEpoch(NamedTuple):
    """Which response is wanted.

    Attributes:
        seed_id: Codes of the channel.
        start_ns: First nanosecond of its epoch since 1970 (UTC), None if open.
        end_ns: Last nanosecond, None if open.
        sampling_rate_hz: Rate of the records.
    """

    seed_id: SeedId
    start_ns: int | None
    end_ns: int | None
    sampling_rate_hz: float


class Curve(NamedTuple):
    """A response, or why there is none.

    Attributes:
        counts_per_mps: ``(N_FREQUENCIES,)`` complex128 at ``frequencies_hz``, or None.
        remark: What is wrong with it, None if nothing.
    """

    counts_per_mps: NDArray[np.complex128] | None
    remark: str | None


def frequencies_hz(sampling_rate_hz: float) -> NDArray[np.float64]:
    """Return the frequencies at which responses are stored.

    Args:
        sampling_rate_hz: Rate of the records, at least 2 Hz.

    Returns:
        ``(N_FREQUENCIES,)`` ascending from 0.01 Hz to the Nyquist frequency.

    Example:
        >>> frequencies_hz(100.0)[[0, 256, -1]].tolist()
        [0.01, 2.5, 50.0]
    """
    nyquist_hz = sampling_rate_hz / 2
    middle_hz = LINEAR_SHARE * nyquist_hz
    low = np.geomspace(LOWEST_HZ, middle_hz, N_LOGARITHMIC, endpoint=False)
    return np.concatenate([low, np.linspace(middle_hz, nyquist_hz, N_LINEAR)])


def evaluate(paths: Sequence[Path], wanted: Sequence[ChannelEpoch]) -> list[Curve]:
    """Work out responses of StationXML files.

    Args:
        paths: Station metadata; only StationXML holds responses, other files are passed over.
        wanted: Channel epochs that the files hold, with the rate of their records.

    Returns:
        One curve for each; a response that evalresp refuses has a remark instead.

    Raises:
        ArchiveError: A file has lost a channel epoch since it was first read.
    """
    found: dict[tuple[SeedId, int | None, int | None], Response] = {}
    for path in paths:
        if path.read_bytes()[:64].lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<"):
            found = _responses(path) | found
    curves = []
    for epoch in wanted:
        response = found.get(epoch[:3])
        if response is None:
            raise ArchiveError(
                f"{', '.join(map(str, paths))}: {epoch.seed_id} is gone; curate again once it is at rest."
            )
        curves.append(_curve(response, epoch.sampling_rate_hz))
    return curves


def _responses(path: Path) -> dict[tuple[SeedId, int | None, int | None], "Response"]:
    """Read all responses, of equal epochs the first, as look-ups in an inventory find it."""
    # Here: only archives with responses need it, and only once all records are known.
    from obspy import read_inventory

    try:
        content = read_inventory(str(path), format="STATIONXML")
    except Exception as error:  # ObsPy lets parser, type and value errors of any kind through
        raise ArchiveError(f"{path} cannot be read as StationXML ({error}); give StationXML 1.x.") from error
    found: dict[tuple[SeedId, int | None, int | None], Response] = {}
    for network in content:
        for station in network:
            for channel in station:
                codes = (plain_code(network.code), station.code, plain_code(channel.location_code))
                key = (SeedId(*codes, channel.code), _ns(channel.start_date), _ns(channel.end_date))
                if channel.response is not None:
                    found.setdefault(key, channel.response)
    return found


def _ns(time: "UTCDateTime | None") -> int | None:
    return None if time is None else int(time.ns)


def _curve(response: "Response", sampling_rate_hz: float) -> Curve:
    """Let evalresp work out one response, and keep what it complains about."""
    if sampling_rate_hz < LOWEST_RATE_HZ:
        return Curve(None, f"a rate of {sampling_rate_hz:g} Hz is too low for a stored response")
    unit = str(response.response_stages[0].input_units) if response.response_stages else "nothing"
    if not _is_motion(unit):
        return Curve(None, f"the response begins with {unit}, not with ground motion")
    output = next(
        (stage.output_units for stage in response.response_stages[::-1] if stage.output_units), None
    )
    if not is_counts(output):
        return Curve(None, f"the response ends in {output or 'no stated unit'}, not in counts")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:  # the mismatch is told below, with both numbers
            values = response.get_evalresp_response_for_frequencies(
                frequencies_hz(sampling_rate_hz), output="VEL", hide_sensitivity_mismatch_warning=True
            )
        # ObsPy raises value, type, attribute and its own errors on stages it cannot use.
        except Exception as error:
            return Curve(None, _one_line(f"evalresp refuses the response: {error}"))
    remark = _one_line(str(caught[0].message)) if caught else None
    if not np.isfinite(values).all() or not np.abs(values).max() > 0:
        return Curve(None, remark or "evalresp finds no finite response above zero")
    remarks = [text for text in (remark, _mismatch(response, values, sampling_rate_hz)) if text]
    return Curve(np.asarray(values, dtype=np.complex128), "; ".join(remarks) or None)


def _mismatch(
    response: "Response", counts_per_mps: NDArray[np.complex128], sampling_rate_hz: float
) -> str | None:
    """Say whether the stated sensitivity contradicts the stages, at the frequency for which it is stated."""
    stated = response.instrument_sensitivity
    unit = None if stated is None else unit_of(stated.input_units)
    if unit is None or not is_counts(stated.output_units) or not stated.value or stated.frequency is None:
        return None
    frequency_hz = max(float(stated.frequency), LOWEST_HZ)
    if frequency_hz > sampling_rate_hz / 2:
        return None
    found = float(np.interp(frequency_hz, frequencies_hz(sampling_rate_hz), np.abs(counts_per_mps)))
    if unit == "mps2":
        found /= 2 * np.pi * frequency_hz
    if abs(found / abs(float(stated.value)) - 1.0) <= LARGEST_MISMATCH:
        return None
    return (
        f"the stated sensitivity is {float(stated.value):g}, but the stages make {found:g} "
        f"at {frequency_hz:g} Hz"
    )


def _is_motion(unit: str) -> bool:
    """Tell whether a unit is displacement, velocity or acceleration; evalresp would not ask."""
    plain = unit.upper().replace("**", "").replace("^", "").replace("SEC", "S")
    return any(plain.removeprefix(prefix) in _MOTION for prefix in ("", *_PREFIXES))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
