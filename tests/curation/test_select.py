"""Thresholds name what they refuse and by how much."""

from collections import Counter
from typing import Any

import pytest

from seismic_lightning.curation.select import dataset_unit, refusal
from seismic_lightning.curation.settings import SelectionSettings

NAN = float("nan")


def row(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    values: dict[str, Any] = {"trace_unit": "counts"}
    for component in "ZNE":
        values |= {f"trace_{component}_{name}": 2.0 for name in ("snr", "snr_legacy")}
        values |= {f"trace_{component}_{name}": 0.0 for name in ("gap", "gap_legacy", "flat_s", "clipped_s")}
    return values | changes


@pytest.mark.parametrize(
    ("changes", "settings", "reason"),
    [
        ({}, SelectionSettings(), None),
        ({"trace_Z_snr_legacy": 1.0, "trace_N_snr_legacy": NAN}, SelectionSettings(), None),
        (dict.fromkeys((f"trace_{c}_snr_legacy" for c in "ZNE"), 1.5), SelectionSettings(), "low_snr"),
        (dict.fromkeys((f"trace_{c}_snr_legacy" for c in "ZNE"), 1.5), SelectionSettings(snr="rms"), None),
        (dict.fromkeys((f"trace_{c}_snr" for c in "ZNE"), NAN), SelectionSettings(snr="rms"), "no_snr"),
        ({"trace_E_gap": 0.01}, SelectionSettings(), "gaps"),
        ({"trace_E_gap": 0.01}, SelectionSettings(max_gap=0.01), None),
        ({"trace_E_gap_legacy": 0.01}, SelectionSettings(), None),
        ({"trace_E_gap_legacy": 0.01}, SelectionSettings(gap="legacy"), "gaps"),
        ({"trace_E_gap": 1.0}, SelectionSettings(), "missing_component"),
        ({"trace_E_gap": 1.0}, SelectionSettings(max_gap=1.0), None),
        ({"trace_N_flat_s": 0.51}, SelectionSettings(), "flat"),
        ({"trace_N_flat_s": 0.5, "trace_E_clipped_s": 0.5}, SelectionSettings(), None),
        ({"trace_N_flat_s": 6.0}, SelectionSettings(max_flat_s=None), None),
        (
            {"trace_Z_flat_s": 9.0, "trace_E_flat_s": 2.0, "trace_E_clipped_s": 2.0},
            SelectionSettings(),
            "clipped",
        ),
        ({"trace_Z_flat_s": 9.0, "trace_Z_snr_legacy": NAN}, SelectionSettings(), "flat"),
        ({"trace_unit": "mps"}, SelectionSettings(unit="counts"), "other_unit"),
        ({"trace_unit": "mps"}, SelectionSettings(), None),
    ],
)
def test_the_reason_is_that_of_the_first_broken_threshold(
    changes: dict[str, Any], settings: SelectionSettings, reason: str | None
) -> None:
    refused = refusal(row(**changes), settings)
    assert (refused.reason if refused else None) == reason


def test_the_detail_names_the_values() -> None:
    refused = refusal(row(trace_E_gap=0.25), SelectionSettings())
    assert refused is not None
    assert refused.detail == "recorded gap Z 0.00000, N 0.00000, E 0.25000"


def test_the_most_frequent_unit_wins_unless_one_is_named() -> None:
    assert dataset_unit(Counter(mps=2, counts=1), SelectionSettings()) == "mps"
    assert dataset_unit(Counter(mps=1, counts=1), SelectionSettings()) == "counts"
    assert dataset_unit(Counter(mps=2, counts=1), SelectionSettings(unit="mps2")) == "mps2"
