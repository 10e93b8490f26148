"""Sensitivities and responses of the channels that a dataset's records were made of, kept with the dataset.

One row per channel epoch and sampling rate in ``responses.parquet``; the metadata point to it, component by
component. The response curves, which many channels share, lie beside it in ``responses.npz`` together with
the frequencies at which they hold. A component that was rotated out of several channels has a response only
if these have the same one.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.codes import COMPONENTS
from seismic_lightning.curation.schema import RESPONSES, read_table, to_table
from seismic_lightning.errors import DatasetError
from seismic_lightning.records.inventory import Epoch
from seismic_lightning.records.response import (
    N_FREQUENCIES,
    ChannelEpoch,
    Curve,
    evaluate,
    frequencies_hz,
)
from seismic_lightning.records.window import Window

RESPONSES_FILE = "responses.parquet"
CURVES_FILE = "responses.npz"
SAME_RESPONSE = 1e-4
"""Relative difference up to which channels that are rotated together count as alike."""
NO_STAGES = "the station metadata hold no response stages"

Sources = tuple[tuple[Epoch, ...], float]
"""Channels that one component is made of, and the sampling rate of the record."""


class Responses(NamedTuple):
    """What a dataset knows of its instruments.

    Attributes:
        table: One row per channel epoch and sampling rate, see ``schema.RESPONSES``.
        frequency_hz: ``(n, K)`` frequencies of each curve, ascending to the Nyquist frequency.
        counts_per_mps: ``(n, K)`` complex128 counts per m/s of ground velocity.
    """

    table: pd.DataFrame
    frequency_hz: NDArray[np.float64]
    counts_per_mps: NDArray[np.complex128]


def instrument_columns(epochs: Mapping[str, Epoch | None], window: Window) -> dict[str, Any]:
    """Say which channels each component comes from, and what sensitivity they share.

    Args:
        epochs: Channel metadata by component letter, None where the inventory does not list the channel.
        window: The record that was made of them.

    Returns:
        ``trace_<component>_response``, to be numbered by ``number_sources``, and the sensitivity that all
        components have in common: null where one is unknown or they differ.
    """
    columns: dict[str, Any] = {f"trace_{component}_response": None for component in COMPONENTS}
    used: list[Epoch | None] = []
    for component, letters in zip(COMPONENTS, window.sources, strict=False):
        channels = [epochs.get(letter) for letter in letters]
        used += channels
        known = tuple(channel for channel in channels if channel is not None)
        if known and len(known) == len(letters):
            columns[f"trace_{component}_response"] = (known, window.sampling_rate_hz)
    common = {None if epoch is None else (epoch.sensitivity, epoch.input_unit) for epoch in used}
    value, unit = (common.pop() if len(common) == 1 else None) or (None, None)
    for name in ("mps", "mps2"):
        columns[f"trace_sensitivity_counts_per_{name}"] = value if unit == name else None
    return columns


def number_sources(rows: list[dict[str, Any]]) -> tuple[Sources, ...]:
    """Let records point by number to the channels that they were made of.

    Args:
        rows: Metadata of records; their ``trace_<component>_response`` are replaced.

    Returns:
        What the numbers stand for, in the order in which records first need them.
    """
    numbers: dict[Sources, int] = {}
    for row in rows:
        for component in COMPONENTS:
            sources = row.get(name := f"trace_{component}_response")
            row[name] = None if sources is None else numbers.setdefault(sources, len(numbers))
    return tuple(numbers)


def work_out_responses(numbered: Sequence[Sources], stations: Sequence[Path]) -> Responses:
    """Work out every response that the records of a dataset need.

    Args:
        numbered: Channels in the order of their numbers.
        stations: The archive's station metadata.

    Returns:
        The responses in the same order.

    Raises:
        ArchiveError: The station metadata changed since they were first read.
    """
    wanted = {
        ChannelEpoch(epoch.seed_id, epoch.start_ns, epoch.end_ns, rate_hz): None
        for epochs, rate_hz in numbered
        for epoch in epochs
        if epoch.n_stages
    }
    found = dict(zip(wanted, evaluate(stations, list(wanted)), strict=True)) if wanted else {}
    curves = _Curves([], [], {})
    table = [_described(epochs, rate_hz, found, curves) for epochs, rate_hz in numbered]
    shape = (len(curves.values), N_FREQUENCIES)
    return Responses(
        to_table(table, RESPONSES),
        np.array([frequencies_hz(rate_hz) for rate_hz in curves.rates_hz]).reshape(shape),
        np.array(curves.values, dtype=np.complex128).reshape(shape),
    )


class _Curves(NamedTuple):
    """Curves that differ, with their sampling rates, and the place of each by its content."""

    values: list[NDArray[np.complex128]]
    rates_hz: list[float]
    places: dict[tuple[float, bytes], int]

    def place(self, values: NDArray[np.complex128], rate_hz: float) -> int:
        """Return the place of a curve, which is kept if it is new."""
        place = self.places.setdefault((rate_hz, values.tobytes()), len(self.values))
        if place == len(self.values):
            self.values.append(values)
            self.rates_hz.append(rate_hz)
        return place


def _described(
    epochs: tuple[Epoch, ...], rate_hz: float, found: Mapping[ChannelEpoch, Curve], curves: _Curves
) -> dict[str, Any]:
    """Return one row of the table; its curve joins the others."""
    own = [
        found.get(ChannelEpoch(epoch.seed_id, epoch.start_ns, epoch.end_ns, rate_hz), Curve(None, NO_STAGES))
        for epoch in epochs
    ]
    first, curve = epochs[0], own[0]
    sensitivity, unit = first.sensitivity, first.input_unit
    remark = "; ".join(text for text in (first.remark, curve.remark) if text) or None
    values = curve.counts_per_mps
    if len(epochs) > 1 and not _alike(epochs, own):
        names = " and ".join(epoch.seed_id.channel for epoch in epochs)
        sensitivity, unit, values = None, None, None
        remark = f"rotated out of {names}, whose responses differ"
    return {
        "seed_id": "+".join(str(epoch.seed_id) for epoch in epochs),
        "start_time": first.start_ns,
        "sampling_rate_hz": rate_hz,
        "sensitivity": sensitivity,
        "sensitivity_unit": unit if sensitivity is not None else None,
        "curve": None if values is None else curves.place(values, rate_hz),
        "remark": remark,
    }


def _alike(epochs: tuple[Epoch, ...], curves: list[Curve]) -> bool:
    """Tell whether channels have the same sensitivity and the same response, known or not."""
    first, values = epochs[0], curves[0].counts_per_mps
    for epoch, other in zip(epochs[1:], curves[1:], strict=True):
        if epoch.input_unit != first.input_unit or (epoch.sensitivity is None) != (first.sensitivity is None):
            return False
        if first.sensitivity is not None and epoch.sensitivity is not None:
            limit = SAME_RESPONSE * abs(first.sensitivity)
            if abs(epoch.sensitivity - first.sensitivity) > limit:
                return False
        if (values is None) != (other.counts_per_mps is None):
            return False
        if values is not None and other.counts_per_mps is not None:
            limits = SAME_RESPONSE * np.abs(values)
            if np.any(np.abs(other.counts_per_mps - values) > limits):
                return False
    return True


def write_responses(folder: Path, responses: Responses) -> None:
    """Write the table and the curves of a dataset.

    Args:
        folder: Folder of the dataset.
        responses: What to write.
    """
    responses.table.to_parquet(folder / RESPONSES_FILE)
    np.savez(
        folder / CURVES_FILE,
        frequency_hz=responses.frequency_hz,
        counts_per_mps=responses.counts_per_mps,
    )


def read_responses(dataset_dir: Path) -> Responses:
    """Read and check the responses of a dataset.

    Args:
        dataset_dir: Folder of the dataset.

    Returns:
        Its responses.

    Raises:
        DatasetError: A file cannot be read, or the two contradict each other.
    """
    table = read_table(dataset_dir / RESPONSES_FILE, RESPONSES)
    path = dataset_dir / CURVES_FILE
    try:
        with np.load(path, allow_pickle=False) as stored:
            frequency_hz, counts_per_mps = stored["frequency_hz"], stored["counts_per_mps"]
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(f"{path} cannot be read ({error}). Curate again with overwrite=true.") from error
    n_needed = int(table["curve"].max()) + 1 if table["curve"].notna().any() else 0
    if frequency_hz.shape != counts_per_mps.shape or len(frequency_hz) != n_needed:
        raise DatasetError(
            f"{path} holds curves of shape {counts_per_mps.shape} at frequencies of shape "
            f"{frequency_hz.shape}, {RESPONSES_FILE} needs {n_needed}. Curate again with overwrite=true."
        )
    return Responses(table, frequency_hz, counts_per_mps)
