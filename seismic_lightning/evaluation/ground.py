"""From the unit of a checkpoint to motion of the ground, as far as the dataset knows its instruments.

A model of counts is judged in m/s or m/s² all the same, since a magnitude cannot be read from counts: every
answer to a record is divided by the sensitivities of that record's channels. Where one is unknown, all stay
in counts.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.curation.store import CuratedDataset
from seismic_lightning.data.ground_motion import instrument_rows
from seismic_lightning.evaluation.motion import Quantity, integral

COUNTS = "counts"
_UNITS = ("mps", "mps2")


@dataclass(frozen=True)
class Ground:
    """How waveforms of some records become motion of the ground.

    Attributes:
        unit: ``mps``, ``mps2`` or ``counts`` of the result.
        divisor: ``(n, C)`` counts per unit of each record's components, below zero where a channel counts
            downwards; None where nothing is divided.
        integrated: ``(n,)`` whether a record's acceleration is turned into velocity; None for none.
        note: A sentence on what was done, None where nothing was.
    """

    unit: str
    divisor: NDArray[np.float64] | None = None
    integrated: NDArray[np.bool_] | None = None
    note: str | None = None

    @property
    def quantity(self) -> Quantity:
        """Return what intensity measures are taken from; counts count as velocity."""
        return "mps2" if self.unit == "mps2" else "mps"

    def of(self, waveform: NDArray[Any], places: slice | NDArray[np.int64], rate_hz: float) -> NDArray[Any]:
        """Convert waveforms.

        Args:
            waveform: ``(B, C, N)`` in the checkpoint's unit.
            places: Which of the records they belong to.
            rate_hz: Sampling rate.

        Returns:
            ``(B, C, N)`` in ``unit``.
        """
        if self.divisor is None:
            return waveform
        motion = waveform / self.divisor[places][..., None]
        if self.integrated is not None and (turned := self.integrated[places]).any():
            motion[turned] = integral(motion[turned].astype(np.float64), rate_hz)
        return motion


def ground_of(dataset: CuratedDataset, rows: NDArray[np.int64], unit: str) -> Ground:
    """Find out how waveforms of records become motion of the ground.

    Args:
        dataset: The dataset.
        rows: ``(n,)`` records.
        unit: The checkpoint's.
    """
    if unit in _UNITS:
        return Ground(unit)
    sensitivity, units = _sensitivities(dataset, rows)
    lacking = ~(np.isfinite(sensitivity) & (sensitivity != 0.0)).all(axis=1)
    if lacking.any():
        return Ground(
            COUNTS,
            note=f"{lacking.sum()} of {len(rows)} records lack a sensitivity: all waveforms stay in counts, "
            "intensity measures are of counts, and no magnitude is read.",
        )
    acceleration = (units == "mps2").any(axis=1)
    found = sorted(set(units.ravel().tolist()))
    said = f"Counts were divided by the sensitivity of each component ({' and '.join(found)})"
    if len(found) == 1:
        return Ground(found[0], sensitivity, note=f"{said}.")
    turned = f"; {acceleration.sum()} records of acceleration were integrated to velocity."
    return Ground("mps", sensitivity, acceleration, said + turned)


def _sensitivities(
    dataset: CuratedDataset, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """Return ``(n, C)`` counts per unit, NaN where unknown, and the units."""
    table = dataset.responses().table
    place = instrument_rows(dataset)[rows]
    values = np.append(table["sensitivity"].to_numpy(dtype=np.float64, na_value=np.nan), np.nan)
    units = np.array([*table["sensitivity_unit"].tolist(), None], dtype=object)
    return values[place], units[place]
