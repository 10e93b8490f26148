"""Which measured records enter a dataset: thresholds on ratio, gaps and equal samples, and the unit.

Records of one dataset share one unit, as counts, velocities and accelerations are not comparable.
"""

import math
from collections import Counter
from typing import Any, NamedTuple

from seismic_lightning.codes import COMPONENTS
from seismic_lightning.curation.settings import UNITS, SelectionSettings

_COLUMNS = {
    ("snr", "rms"): "snr",
    ("snr", "legacy"): "snr_legacy",
    ("gap", "recorded"): "gap",
    ("gap", "legacy"): "gap_legacy",
}


class Refusal(NamedTuple):
    """Why something did not become a record: a name of ``reasons.REASONS`` and what exactly was found."""

    reason: str
    detail: str


def refusal(row: dict[str, Any], settings: SelectionSettings, components: str = COMPONENTS) -> Refusal | None:
    """Apply the thresholds to one measured record.

    Args:
        row: Metadata columns of the record.
        settings: Thresholds.
        components: Components of the dataset.

    Returns:
        Why it is refused, or None if it enters.
    """
    if settings.unit is not None and row["trace_unit"] != settings.unit:
        return Refusal("other_unit", f"samples in {row['trace_unit']}, select.unit={settings.unit}")
    snr, gap = _COLUMNS["snr", settings.snr], _COLUMNS["gap", settings.gap]
    gaps = [row[f"trace_{component}_{gap}"] for component in components]
    absent = [c for c in components if row[f"trace_{c}_gap"] == 1.0]
    if absent and settings.max_gap < 1.0:
        return Refusal("missing_component", f"no samples of component {', '.join(absent)}")
    if max(gaps) > settings.max_gap:
        text = ", ".join(f"{component} {gap:.5f}" for component, gap in zip(components, gaps, strict=True))
        return Refusal("gaps", f"{settings.gap} gap {text}")
    still = _still(row, settings.max_flat_s, components)
    if still is not None:
        return still
    ratios = [row[f"trace_{component}_{snr}"] for component in components]
    best = max((ratio for ratio in ratios if not math.isnan(ratio)), default=None)
    if best is None:
        return Refusal("no_snr", f"no component has a {settings.snr} signal-to-noise ratio")
    if best <= settings.min_snr:
        return Refusal("low_snr", f"largest {settings.snr} signal-to-noise ratio {best:.3f}")
    return None


def _still(row: dict[str, Any], max_flat_s: float | None, components: str) -> Refusal | None:
    """Refuse a record that stands still for too long; what is clipped is said to be so."""
    if max_flat_s is None:
        return None
    clipped, flat = (
        {component: row[f"trace_{component}_{name}_s"] for component in components}
        for name in ("clipped", "flat")
    )
    if max(flat.values()) <= max_flat_s:
        return None
    text = ", ".join(f"{component} {stretch_s:.2f}" for component, stretch_s in flat.items())
    if max(clipped.values()) > max_flat_s:
        return Refusal("clipped", f"seconds of one value {text}")
    return Refusal("flat", f"seconds of one value {text}")


def dataset_unit(units: Counter[str], settings: SelectionSettings) -> str:
    """Choose the unit of a dataset.

    Args:
        units: Number of selected records by unit.
        settings: May name the unit.

    Returns:
        The named unit, else the most frequent; of equally frequent ones the first of counts, mps, mps2.
    """
    return settings.unit or max(UNITS, key=lambda unit: (units[unit], -UNITS.index(unit)))
