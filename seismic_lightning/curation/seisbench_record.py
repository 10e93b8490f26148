"""One trace of a dataset in SeisBench's format to one measured record, or a refusal by name."""

from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.codes import COMPONENTS, NANOSECONDS_PER_S, SeedId
from seismic_lightning.curation.measure import Measured, path_columns, quality_columns, source_columns
from seismic_lightning.curation.responses import Sources
from seismic_lightning.curation.schema import METADATA, parse_intervals
from seismic_lightning.curation.seisbench_table import Trace
from seismic_lightning.curation.settings import CurationSettings
from seismic_lightning.curation.shards import as_floats
from seismic_lightning.errors import ConfigurationError, WaveformError
from seismic_lightning.records.inventory import Epoch
from seismic_lightning.records.waveform import Segment
from seismic_lightning.records.window import Request, Window, cut_window

UNIT_NAMES = {
    "count": "counts", "counts": "counts", "digits": "counts",
    "mps": "mps", "m/s": "mps",
    "mps2": "mps2", "mpss": "mps2", "m/s2": "mps2", "m/s/s": "mps2", "m/s^2": "mps2", "m/s**2": "mps2",
}  # fmt: skip
"""Our word for a unit by others', in small letters; other units would need to be converted."""

EXACT_COUNTS = 2**24
"""Up to here a 32-bit float holds every whole number."""


class Common(NamedTuple):
    """What holds for all traces of one HDF5 file, unless a row says otherwise.

    Attributes:
        component_order: Component letters in the order of the samples.
        components_first: Whether the first dimension is that of the components.
        unit: Unit of the samples, None if only rows give it.
        file: Name of the file, for records whose own source is not known.
    """

    component_order: str
    components_first: bool
    unit: str | None
    file: str

    @classmethod
    def read(cls, data_format: dict[str, Any], path: Path, unit: str | None) -> Self:
        """Read ``data_format``.

        Args:
            data_format: Its texts and numbers.
            path: The HDF5 file, for errors.
            unit: What the user says of the unit.

        Raises:
            ConfigurationError: An order or a unit is not one we know, or the user contradicts the file.
        """
        dimensions = str(data_format.get("dimension_order", "CW")).upper().removeprefix("N")
        if dimensions not in ("CW", "WC"):
            raise ConfigurationError(f"{path}: dimension_order {dimensions!r}; known are CW and WC.")
        stated = data_format.get("unit")
        own = None if stated is None else unit_name(str(stated))
        if stated is not None and own is None and unit is None:
            raise ConfigurationError(
                f"{path}: unit {stated!r}; known are {', '.join(UNIT_NAMES)}. If it is another word for one "
                "of these, say data.source.unit=counts, mps or mps2."
            )
        if own is not None and unit is not None and own != unit:
            raise ConfigurationError(f"{path} says its unit is {own}, data.source.unit={unit}: leave it out.")
        order = str(data_format.get("component_order", COMPONENTS)).upper()
        return cls(order, dimensions == "CW", own or unit, path.name)


def unit_name(text: str) -> str | None:
    """Return our word for a unit, None for one that is not known.

    Example:
        >>> unit_name("m/s**2"), unit_name("furlongs")
        ('mps2', None)
    """
    return UNIT_NAMES.get(text.strip().lower())


def measure_trace(
    row: dict[str, str], trace: Trace, samples: NDArray[Any], common: Common, settings: CurationSettings
) -> Measured:
    """Cut and measure one trace.

    Args:
        row: Its row as text.
        trace: The same, understood.
        samples: Its samples in two dimensions.
        common: What the file says of all traces.
        settings: Window, orientation and components.

    Returns:
        The record; its row has two more columns, ``split`` as the source says it and ``kind``, see below.

    Raises:
        WaveformError: The trace cannot become a record; its ``reason`` is one of ``reasons.REASONS``.
        ConfigurationError: Nobody says the unit.
    """
    unit = unit_name(row["trace_unit"]) if "trace_unit" in row else common.unit
    if unit is None:
        raise ConfigurationError(
            f"{common.file} does not say the unit of its samples: say data.source.unit=counts, mps or mps2."
        )
    order = row.get("trace_component_order", common.component_order).upper()
    stack = samples if common.components_first else samples.T
    if len(order) != len(stack) or len(set(order)) != len(order):
        raise WaveformError("no_trace", f"component order {order!r} for {len(stack)} components")
    p_ns = trace.start_ns + round(trace.p_sample / trace.sampling_rate_hz * NANOSECONDS_PER_S)
    window = cut_window(
        [
            segment
            for letter, part in zip(order, stack, strict=True)
            for segment in _segments(trace, letter, part)
        ],
        {},
        Request(
            p_ns,
            settings.window.before_p_s,
            settings.window.length_s,
            settings.orientation,
            settings.components,
        ),
    )
    window = window._replace(unit=unit)
    columns = _row(row, trace, window, common, settings)
    if unit != "counts":
        window = window._replace(samples=as_floats(window.samples))
    return Measured({**columns, "kind": _kind(window, samples.dtype)}, window)


def _kind(window: Window, dtype: np.dtype[Any]) -> str:
    """Tell which types hold the samples exactly.

    Returns:
        ``fractions``: only floats; ``large``: only integers; ``plain``: both, or they are no counts.

    Raises:
        WaveformError: ``overflow``: neither.
    """
    if window.unit != "counts":
        return "plain"
    largest = np.abs(window.samples[~window.missing], dtype=np.float64).max()
    if window.samples.dtype.kind == "i":
        return "large" if largest > EXACT_COUNTS else "plain"
    if dtype.itemsize > 4 and largest > EXACT_COUNTS:
        raise WaveformError("overflow", f"fractions beside counts of {largest:.1f}, which a float32 rounds")
    return "fractions"


def _segments(trace: Trace, letter: str, samples: NDArray[Any]) -> list[Segment]:
    """Return what was recorded of one component: an exporter fills gaps, but lists them."""
    gaps = trace.carried.get(f"trace_{letter}_gap_intervals") or "[]"
    try:
        intervals = sorted(parse_intervals(gaps))
    except (TypeError, ValueError) as error:
        raise WaveformError("no_trace", f"trace_{letter}_gap_intervals is {gaps[:50]!r}") from error
    edges = [0, *(edge for interval in intervals for edge in interval), samples.size]
    seed_id = SeedId(*trace.seed_id[:3], trace.seed_id.family + letter)
    rate_hz = trace.sampling_rate_hz
    return [
        Segment(
            seed_id, trace.start_ns + round(begin / rate_hz * NANOSECONDS_PER_S), rate_hz, samples[begin:end]
        )
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
        if 0 <= begin < end <= samples.size
    ]


def _row(
    row: dict[str, str], trace: Trace, window: Window, common: Common, settings: CurationSettings
) -> dict[str, Any]:
    """Return all columns: what the table says of our own columns, and what was measured, which wins."""
    latitude_deg, longitude_deg, elevation_m = trace.place
    station = Epoch(
        trace.seed_id, None, None, latitude_deg, longitude_deg, elevation_m, None, None, None, None
    )
    path = path_columns(trace.event, station)
    measured = quality_columns(window, settings)
    remainders = {name: trace.carried.get(name) for name in measured if name.endswith("_start_remainder_s")}
    sensitivity = {**_sensitivity(row, trace.seed_id.family), **trace.carried}
    letters = _letters(trace, window)
    return {
        **dict.fromkeys(METADATA.columns),
        "trace_file": f"{common.file}:{trace.name}",
        **sensitivity,
        **_instruments(trace, window, letters, sensitivity),
        "trace_components": letters,
        **source_columns(trace.event),
        "station_network_code": trace.seed_id.network,
        "station_code": trace.seed_id.station,
        "station_location_code": trace.seed_id.location,
        "station_latitude_deg": latitude_deg,
        "station_longitude_deg": longitude_deg,
        "station_elevation_m": elevation_m,
        "trace_channel": trace.seed_id.family,
        **_arrivals(trace, window),
        **measured,
        **{name: value for name, value in remainders.items() if value is not None},
        "trace_unit": window.unit,
        **{name: value for name, value in path.items() if name != "distance_deg"},
        "split": row.get("split"),
    }


def _letters(trace: Trace, window: Window) -> str:
    """Return the channels' own letters where the table keeps them, else those of the window."""
    own = str(trace.carried.get("trace_components") or "")
    usable = len(own) == len(window.letters) and own.isascii() and own.isalnum()
    return own if usable else window.letters


def _arrivals(trace: Trace, window: Window) -> dict[str, Any]:
    """Return times and arrivals; samples count from the window's start, exactly so on the trace's grid."""
    n_samples = window.samples.shape[1]
    first = round((window.start_ns - trace.start_ns) * window.sampling_rate_hz / NANOSECONDS_PER_S)
    s_sample = None if trace.s_sample is None else trace.s_sample - first
    return {
        "trace_sampling_rate_hz": window.sampling_rate_hz,
        "trace_npts": n_samples,
        "trace_start_time": window.start_ns,
        "trace_p_arrival_sample": trace.p_sample - first,
        "trace_s_arrival_sample": s_sample if s_sample is not None and 0.0 <= s_sample < n_samples else None,
    }


def _instruments(
    trace: Trace, window: Window, letters: str, sensitivity: dict[str, Any]
) -> dict[str, Sources]:
    """Say which channel each component of counts comes from; its sensitivity is all that is known of it."""
    if window.unit != "counts":
        return {}
    known = {unit: sensitivity.get(f"trace_sensitivity_counts_per_{unit}") for unit in ("mps", "mps2")}
    unit = next((name for name, value in known.items() if value is not None), None)
    value = None if unit is None else known[unit]
    columns: dict[str, Sources] = {}
    for component, letter in zip(COMPONENTS, letters, strict=False):
        seed_id = trace.seed_id._replace(channel=trace.seed_id.family + letter)
        epoch = Epoch(seed_id, None, None, *trace.place, None, None, value, unit)
        columns[f"trace_{component}_response"] = ((epoch,), window.sampling_rate_hz)
    return columns


def _sensitivity(row: dict[str, str], family: str) -> dict[str, float]:
    """Return SeisBench's column of sensitivities under our name; accelerometers' is per m/s^2."""
    try:
        value = float(row["station_sensitivity_counts_spm"])
    except (KeyError, ValueError):
        return {}
    if family[1] == "N" or not np.isfinite(value):
        return {}
    return {"trace_sensitivity_counts_per_mps": value}
