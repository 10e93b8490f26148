"""From counts to motion of the ground, with the sign that the channel has."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from seismic_lightning.evaluation.ground import Ground, ground_of

RATE_HZ = 100.0


def ground(sensitivity: list[float], units: list[str], used: list[int]) -> Ground:
    """Return how records of one component become motion of the ground."""
    table = pd.DataFrame({"sensitivity": sensitivity, "sensitivity_unit": units})
    dataset = SimpleNamespace(
        components="Z",
        metadata=pd.DataFrame({"trace_Z_response": pd.array(used, dtype="Int64"), "trace_Z_gap": 0.0}),
        responses=lambda: SimpleNamespace(table=table),
    )
    return ground_of(dataset, np.arange(len(used)), "counts")  # type: ignore[arg-type] # what it reads of one


@pytest.mark.parametrize("units", [["mps", "mps"], ["mps2", "mps2"], ["mps", "mps2"]])
def test_a_channel_that_counts_downwards_is_turned(units: list[str]) -> None:
    counts = np.random.default_rng(0).normal(size=(3, 1, 400))
    downwards, upwards = (ground([4.0, size], units, [0, 1, 1]) for size in (-2.0, 2.0))
    turned, plain = (one.of(counts, slice(None), RATE_HZ) for one in (downwards, upwards))
    np.testing.assert_array_equal(turned[0], plain[0])
    np.testing.assert_allclose(turned[1:], -plain[1:])
    assert np.abs(plain).max() > 0.0


def test_one_unknown_sensitivity_leaves_all_in_counts() -> None:
    for unknown in (np.nan, 0.0):
        assert ground([4.0, unknown], ["mps", "mps"], [0, 1]).unit == "counts"
