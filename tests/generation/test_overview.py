"""The overview shows every request, named, with its onsets and in a unit that can be read."""

import numpy as np
import pandas as pd
import pytest

from seismic_lightning.generation.overview import N_SHOWN, draw_overview, shown_records


def table(n_records: list[int]) -> pd.DataFrame:
    """Return rows of requests with so many records each."""
    pairs = [(request, record) for request, number in enumerate(n_records) for record in range(number)]
    rows = pd.DataFrame(pairs, columns=["request", "record"])
    return rows.assign(
        trace_components="ZNE",
        trace_sampling_rate_hz=100.0,
        trace_unit="mps",
        trace_p_arrival_sample=1000.0,
        trace_s_arrival_sample=[np.nan, *[1800.0] * (len(rows) - 1)],
        source_magnitude=3.0 + rows["request"],
        station_network_code="KO",
        station_code="ISK",
        path_hyp_distance_km=40.0,
    )


@pytest.mark.parametrize(
    ("n_records", "expected"),
    [
        ([100], [0, 1, 2, 3, 4, 5, 6, 7]),
        ([20, 3, 1], [0, 1, 2, 3, 20, 21, 22, 23]),
        ([2, 1], [0, 1, 2]),
        ([50, 1, 1, 1, 1, 1, 1, 1], [0, 50, 51, 52, 53, 54, 55, 56]),
    ],
)
def test_every_request_comes_before_any_comes_again(n_records: list[int], expected: list[int]) -> None:
    assert shown_records(table(n_records)) == expected


def test_of_many_requests_some_are_shown_from_first_to_last() -> None:
    shown = table([3] * 40).iloc[shown_records(table([3] * 40))]
    assert (shown["record"] == 0).all()
    assert len(shown) == N_SHOWN
    assert (shown["request"].iloc[0], shown["request"].iloc[-1]) == (0, 39)


def test_rows_are_named_scaled_and_marked() -> None:
    records = table([1, 1])
    waveforms = [np.full((3, 3000), peak, dtype=np.float32) for peak in (2e-7, 5e-5)]
    axes = draw_overview(records, waveforms, "2 records").axes
    left = axes[::3]
    assert [panel.get_title("left") for panel in left] == [
        "request 1, record 1: M 3.0, 40 km from KO.ISK",
        "request 2, record 1: M 4.0, 40 km from KO.ISK",
    ]
    assert [panel.get_ylabel() for panel in left] == ["nm/s", "µm/s"]
    assert [panel.get_ylim()[1] for panel in left] == pytest.approx([220.0, 55.0])
    marks = [[(text.get_text().strip(), text.get_position()[0]) for text in panel.texts] for panel in axes]
    assert marks == [[("P", 10.0)]] * 3 + [[("P", 10.0), ("S", 18.0)]] * 3
