"""Analysts read what can be seen, and readings scatter about the model as KOERI's do."""

import numpy as np
import pandas as pd
import pytest

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.records.sphere import great_circle
from seismic_lightning.simulation.detection import (
    PICK_LIMIT,
    PICK_RATIO,
    make_population,
    pick_probability,
    predicted_excess,
)
from seismic_lightning.simulation.network import make_network
from seismic_lightning.simulation.real_figures import (
    P_SCATTER_S,
    S_MINUS_P_S,
    S_SCATTER_S,
    moment_rows,
    reading_rows,
)
from seismic_lightning.simulation.seismicity import DURATION_S, FIRST_ORIGIN_S, chunk_generator, draw_events
from seismic_lightning.simulation.settings import MAX_SEED, SimulationSettings
from seismic_lightning.simulation.simulator import Simulator

N_RECORDS = 20_000
"""Some 1,800 events: statistics of 4,000 records hang on 350 events, of which few are strong."""


@pytest.fixture(scope="module")
def records() -> pd.DataFrame:
    simulator = Simulator(SimulationSettings(n_records=N_RECORDS, seed=3))
    return simulator.records().join(
        simulator.events()[["local_magnitude", "depth_km", "origin_ns"]], on="event"
    )


def test_what_is_buried_in_noise_is_not_read() -> None:
    excess = np.array([1e-6, 0.01, 0.1, np.sqrt(PICK_RATIO**2 - 1), 1e6])
    probability = pick_probability(excess)
    assert (np.diff(probability) > 0).all()
    assert probability[2] < 0.002
    np.testing.assert_allclose(probability[3:], [PICK_LIMIT / 2, PICK_LIMIT])


def test_a_microearthquake_is_read_by_almost_nobody_beyond_thirty_kilometres() -> None:
    network, rng = make_network(0), np.random.default_rng(0)
    events = draw_events(SimulationSettings(), 0, rng)
    events = events._replace(local_magnitude=np.full(events.number.size, -1.0))
    here = (events.latitude_deg[:, None], events.longitude_deg[:, None])
    distance_km, _ = great_circle(here, (network.latitude_deg[None], network.longitude_deg[None]))
    event, station = np.nonzero((distance_km > 30.0) & (distance_km < 120.0))
    excess = predicted_excess(events, network, (event, station), distance_km[event, station])
    assert pick_probability(excess).sum() / events.number.size < 0.02


def test_earthquakes_that_nobody_reads_are_refused() -> None:
    settings = SimulationSettings(n_records=16, min_magnitude=-1.0, max_magnitude=-0.5)
    with pytest.raises(
        ConfigurationError, match=r"min_magnitude=-1, max_magnitude=-0.5.*raise max_magnitude"
    ):
        make_population(settings, make_network(0), 16)


def test_stations_without_a_record_are_counted_as_readers() -> None:
    population = make_population(SimulationSettings(), make_network(0), 2000)
    events = population.readings.event[:-30]  # the last event may be cut
    pairs = np.unique(np.stack([events, population.readings.station[:-30]]), axis=1)
    recorded = np.bincount(pairs[0], minlength=population.n_read.size)
    assert (recorded <= population.n_read).all()
    assert (population.n_read >= 4).all()
    assert recorded.sum() < 0.9 * population.n_read.sum()


def test_another_seed_has_the_archives_magnitudes_distances_and_depths(records: pd.DataFrame) -> None:
    assert [row for row in moment_rows(records) if not row.kept] == []


def test_each_phase_scatters_as_koeris(records: pd.DataFrame) -> None:
    assert [row for row in reading_rows(records) if not row.kept] == []
    readings = records.drop_duplicates(["event", "station"])
    p_s = (readings["p_pick_ns"] - readings["origin_ns"]) / 1e9 - readings["p_travel_s"]
    s_s = (readings["s_pick_ns"] - readings["origin_ns"]).astype("Float64") / 1e9 - readings["s_travel_s"]
    both = pd.DataFrame({"p": p_s, "s": s_s.astype(float)}).dropna()
    # Thousands of readings: a deviation is known to 2 %, a mean to 5 ms.
    assert p_s.std() == pytest.approx(P_SCATTER_S, abs=0.015)
    assert p_s.mean() == pytest.approx(-0.05, abs=0.015)
    assert both["p"].std() == pytest.approx(0.177, abs=0.01)
    assert both["s"].std() == pytest.approx(S_SCATTER_S, abs=0.01)
    assert (both["s"] - both["p"]).mean() == pytest.approx(S_MINUS_P_S[0], abs=0.015)
    assert (both["s"] - both["p"]).std() == pytest.approx(S_MINUS_P_S[1], abs=0.02)


def test_s_is_never_read_before_p(records: pd.DataFrame) -> None:
    read = records.dropna(subset="s_pick_ns")
    assert (read["s_pick_ns"] > read["p_pick_ns"]).all()


@pytest.mark.parametrize("seed", [0, 40_000, MAX_SEED])
def test_events_of_any_seed_lie_within_the_catalogues_years(seed: int) -> None:
    settings = SimulationSettings(seed=seed)
    chunks = [draw_events(settings, chunk, chunk_generator(seed, chunk)) for chunk in (0, 1, 10_000)]
    second = np.concatenate([events.origin_ns for events in chunks]) // 1_000_000_000
    assert ((second >= FIRST_ORIGIN_S) & (second < FIRST_ORIGIN_S + DURATION_S)).all()
    assert np.unique(second).size == second.size
