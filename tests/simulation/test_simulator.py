"""Records are the same whoever asks for them; truth is what the waveforms show; refusals name the culprit."""

import dataclasses

import numpy as np
import pytest

from seismic_lightning.codes import FILL_COUNTS
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.records.travel_time import KOERI
from seismic_lightning.simulation.artefacts import RATES
from seismic_lightning.simulation.block import BLOCK, Block
from seismic_lightning.simulation.instrument import FULL_SCALE_COUNTS
from seismic_lightning.simulation.rays import BEFORE_PICK_S
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Simulator

SETTINGS = SimulationSettings(n_records=100, seed=3)


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(SETTINGS)


def equal(first: Block, second: Block, n_records: int) -> None:
    np.testing.assert_array_equal(first.counts[:n_records], second.counts[:n_records])
    np.testing.assert_array_equal(first.missing[:n_records], second.missing[:n_records])
    for name, ours in first.truth._asdict().items():
        np.testing.assert_array_equal(ours[:n_records], getattr(second.truth, name)[:n_records])


def test_a_record_does_not_depend_on_how_many_there_are_or_on_the_order(simulator: Simulator) -> None:
    fewer = Simulator(dataclasses.replace(SETTINGS, n_records=21))
    assert len(fewer.block(1).counts) == 21 - BLOCK
    equal(fewer.block(1), simulator.block(1), 21 - BLOCK)
    equal(fewer.block(0), simulator.block(0), BLOCK)
    assert fewer.records().equals(simulator.records().iloc[:21])
    events = fewer.events()
    assert events.equals(simulator.events().iloc[: len(events)])


def test_another_seed_is_another_network_and_another_archive(simulator: Simulator) -> None:
    other = Simulator(dataclasses.replace(SETTINGS, seed=4))
    assert not np.array_equal(other.network.noise_db, simulator.network.noise_db)
    assert not np.array_equal(other.block(0).counts, simulator.block(0).counts)


def test_records_belong_to_events_and_start_before_their_reading(simulator: Simulator) -> None:
    records, events = simulator.records(), simulator.events()
    assert len(records) == SETTINGS.n_records
    assert records["event"].is_monotonic_increasing
    assert events["event_id"].is_unique
    assert set(records["event"]) == set(events.index)
    np.testing.assert_array_equal(records["p_pick_ns"] - records["start_ns"], BEFORE_PICK_S * 1e9)
    assert (records["p_pick_ns"] % 100_000_000 == 0).all()
    assert records["distance_km"].between(1, 120).all()
    assert set(records["family"]) <= {"HH", "HN", "EH"}


def test_times_are_those_of_the_model(simulator: Simulator) -> None:
    records = simulator.records()
    depth_km = simulator.events()["depth_km"].to_numpy()[records["event"]]
    model = KOERI.arrivals(records["distance_km"], depth_km)
    s_minus_p_s = (records["s_arrival_ns"] - records["p_arrival_ns"]) / 1e9
    np.testing.assert_allclose(s_minus_p_s, 0.73 * model.p_s, atol=1e-8)
    truth = simulator.block(2).truth
    np.testing.assert_allclose(
        truth.s_arrival_s - truth.p_arrival_s, s_minus_p_s[2 * BLOCK : 3 * BLOCK], atol=1e-6
    )


def test_lost_samples_are_marked_and_the_rest_is_within_full_scale() -> None:
    simulator = Simulator(SimulationSettings(n_records=640, seed=1))
    tags = []
    for number in range(simulator.n_blocks):
        block = simulator.block(number)
        assert (block.counts[block.missing] == FILL_COUNTS).all()
        assert np.abs(block.counts[~block.missing].astype(np.int64)).max() <= FULL_SCALE_COUNTS
        losses = [
            {"gap", "truncated", "absent", "short"} & set(tag.split("+")) for tag in block.truth.artefacts
        ]
        assert [bool(loss) for loss in losses] == block.missing.any(axis=(1, 2)).tolist()
        tags += [name for tag in block.truth.artefacts for name in tag.split("+") if name]
    expected = 640 * RATES["gap"]
    assert abs(tags.count("gap") - expected) < 4 * np.sqrt(expected)  # four Poisson deviations


def test_without_artefacts_nothing_is_lost() -> None:
    block = Simulator(dataclasses.replace(SETTINGS, artefacts=False)).block(0)
    assert not block.missing.any()
    assert set(block.truth.artefacts) == {""}


@pytest.mark.parametrize("rate_hz", [20.0, 50.0])
def test_broadband_channels_may_be_slow(rate_hz: float) -> None:
    simulator = Simulator(SimulationSettings(n_records=20, bh_rate_hz=rate_hz))
    block = simulator.block(0)
    assert set(simulator.records()["family"]) == {"BH"}
    assert block.sampling_rate_hz == rate_hz
    assert block.counts.shape == (BLOCK, 3, round(72 * rate_hz))


def test_a_slow_record_is_the_fast_one_at_fewer_samples() -> None:
    request = {
        "magnitude": 4.5,
        "latitude_deg": 40.8,
        "longitude_deg": 28.5,
        "depth_km": 12.0,
        "station": "ISK",
    }
    fast = Simulator(SimulationSettings(n_records=1)).at(family="HH", **request).counts[0]  # type: ignore[arg-type]
    slow = Simulator(SimulationSettings(n_records=1, bh_rate_hz=50.0)).at(family="BH", **request).counts[0]  # type: ignore[arg-type]
    spectra = [np.fft.rfft(x - x.mean(axis=1, keepdims=True)) / x.shape[1] for x in (fast, slow)]
    band = slice(36, 72 * 15)  # 0.5-15 Hz, well below the roll-off of the slow one
    np.testing.assert_allclose(spectra[1][:, band], spectra[0][:, band], atol=1e-3 * np.abs(spectra[0]).max())


def request(simulator: Simulator, magnitude: float, seed: int, family: str = "HH") -> Block:
    return simulator.at(
        magnitude=magnitude,
        latitude_deg=40.8,
        longitude_deg=28.5,
        depth_km=10.0,
        station="CTYL",
        family=family,
        seed=seed,
    )


def test_a_given_earthquake_at_a_given_station_repeats_with_its_seed(simulator: Simulator) -> None:
    first, again, other = (request(simulator, 3.0, seed) for seed in (1, 1, 2))
    equal(first, again, 1)
    assert not np.array_equal(first.counts, other.counts)
    assert first.truth.moment_nm == other.truth.moment_nm
    assert first.truth.p_arrival_s[0] == BEFORE_PICK_S


def test_an_earthquake_of_the_archive_can_be_repeated(simulator: Simulator) -> None:
    original = simulator.block(1)
    again = simulator.repeat(BLOCK + 5, seed=9)
    for name in (
        "moment_nm",
        "corner_frequency_hz",
        "stress_drop_pa",
        "kappa_s",
        "p_arrival_s",
        "s_arrival_s",
    ):
        assert getattr(again.truth, name)[0] == getattr(original.truth, name)[5], name
    assert not np.array_equal(again.counts[0], original.counts[5])


def test_both_phases_begin_when_the_truth_says(simulator: Simulator) -> None:
    block = request(simulator, 4.0, 0)
    for onset_s, component in ((block.truth.p_arrival_s[0], 0), (block.truth.s_arrival_s[0], 1)):
        motion = np.diff(block.counts[0, component].astype(np.float64))
        onset = round(onset_s * 100)
        before, after = (
            np.sqrt(np.mean(motion[part] ** 2))
            for part in (slice(onset - 60, onset - 10), slice(onset + 10, onset + 60))
        )
        assert after > 2 * before


def test_an_accelerometer_writes_what_a_seismometer_does(simulator: Simulator) -> None:
    row = simulator.network.index("CTYL")
    kinds = [
        request(simulator, 4.5, 5, family).counts[0, 1].astype(np.float64) / gain
        for family, gain in zip(("HH", "HN"), simulator.network.gain[row], strict=True)
    ]
    velocity, acceleration = (np.fft.rfft(kind - kind.mean()) for kind in kinds)
    frequency_hz = np.fft.rfftfreq(kinds[0].size, 0.01)
    band = (frequency_hz > 1) & (frequency_hz < 20)
    ratio = np.abs(acceleration[band]) / np.abs(2j * np.pi * frequency_hz[band] * velocity[band])
    assert np.median(ratio) == pytest.approx(1.0, abs=0.02)


def test_noise_is_what_a_record_is_without_its_earthquake(simulator: Simulator) -> None:
    strong = np.argmax(simulator.block(0).truth.moment_nm)
    quiet = simulator.noise(0)
    assert (quiet.truth.moment_nm == 0).all()
    spread = [
        np.std(np.diff(block.counts[strong].astype(np.float64))) for block in (quiet, simulator.block(0))
    ]
    assert spread[0] < spread[1]


@pytest.mark.parametrize(
    ("change", "culprit"),
    [
        ({"station": "NOWHERE"}, "NOWHERE"),
        ({"latitude_deg": 36.0}, "km from 36"),
        ({"family": "BH"}, "BH"),
        ({"family": "EH"}, "EH"),
        ({"magnitude": 7.5}, "7.5"),
        ({"depth_km": 200.0}, "200"),
        ({"depth_km": float("nan")}, "nan"),
        ({"latitude_deg": float("nan")}, "nan"),
    ],
)
def test_impossible_requests_are_refused_by_name(
    simulator: Simulator, change: dict[str, float | str], culprit: str
) -> None:
    request = {
        "magnitude": 3.0,
        "latitude_deg": 40.8,
        "longitude_deg": 28.5,
        "depth_km": 10.0,
        "station": "ISK",
    }
    with pytest.raises(ConfigurationError, match=culprit):
        simulator.at(**{**request, **change})  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [-1, 7])
def test_a_block_that_does_not_exist_is_refused(simulator: Simulator, number: int) -> None:
    with pytest.raises(ConfigurationError, match=f"block={number}"):
        simulator.block(number)


def test_a_record_that_does_not_exist_is_refused(simulator: Simulator) -> None:
    with pytest.raises(ConfigurationError, match="record=100"):
        simulator.repeat(100, seed=0)


@pytest.mark.parametrize(
    ("change", "culprit"),
    [
        ({"n_records": 0}, "n_records=0"),
        ({"n_records": -3}, "n_records=-3"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": 10**13}, "seed=10000000000000"),
        ({"min_magnitude": -1.5}, "min_magnitude=-1.5"),
        ({"max_magnitude": 7.1}, "max_magnitude=7.1"),
        ({"max_magnitude": float("nan")}, "max_magnitude=nan"),
        ({"min_magnitude": 3.0, "max_magnitude": 2.0}, "min_magnitude=3"),
        ({"bh_rate_hz": 40.0}, "bh_rate_hz=40"),
    ],
)
def test_impossible_settings_are_refused_by_name(change: dict[str, float], culprit: str) -> None:
    with pytest.raises(ConfigurationError, match=culprit):
        SimulationSettings(**change)  # type: ignore[arg-type]


@pytest.mark.parametrize(("low", "high"), [(-1.0, 0.3), (6.5, 7.0), (1.0, 1.5)])
def test_narrow_ranges_of_magnitude_are_filled(low: float, high: float) -> None:
    simulator = Simulator(SimulationSettings(n_records=16, min_magnitude=low, max_magnitude=high))
    assert simulator.events()["local_magnitude"].between(low, high).all()
    assert len(simulator.block(0).counts) == 16
