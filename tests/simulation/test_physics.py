"""The parts of a record obey the formulas they are made from."""

import numpy as np
import pytest
from obspy.geodetics import gps2dist_azimuth
from obspy.signal.invsim import paz_to_freq_resp
from obspy.signal.spectral_estimation import get_nhnm, get_nlnm
from scipy.signal import welch

from seismic_lightning.records.sphere import great_circle
from seismic_lightning.simulation import envelope, noise, source
from seismic_lightning.simulation.block import BLOCK
from seismic_lightning.simulation.instrument import FAMILIES, SELF_NOISE_DB, poles_zeros, response
from seismic_lightning.simulation.network import make_network
from seismic_lightning.simulation.seismicity import magnitude_quantile
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Simulator

ONE = np.ones(1)


def test_spectra_rise_below_the_corner_and_fall_above_it() -> None:
    frequency_hz = np.array([0.01, 0.02, 20.0, 40.0])
    path = (10.0 * ONE, 0.0 * ONE)
    moment, corner_hz = 1e15 * ONE, 1.0 * ONE
    spectrum = source.velocity_spectrum_m(source.S, frequency_hz, moment, corner_hz, path)[0]
    quality = source.QUALITY * np.maximum(frequency_hz, 0.8) ** source.QUALITY_EXPONENT
    spectrum *= np.exp(np.pi * frequency_hz * 1e4 / (quality * source.S_VELOCITY_M_S))
    slopes = np.log2(spectrum[1::2] / spectrum[::2])
    np.testing.assert_allclose(slopes, [1.0, -1.0], atol=0.01)


def test_long_periods_are_proportional_to_the_moment() -> None:
    frequency_hz = np.array([0.05])
    magnitude = np.array([3.0, 4.0])
    moment = source.moment_nm(magnitude)
    corner_hz = source.corner_frequency_hz(moment, np.full(2, source.STRESS_DROP_PA))
    path = (np.full(2, 30.0), np.full(2, 0.02))
    spectrum = source.velocity_spectrum_m(source.S, frequency_hz, moment, corner_hz, path)
    assert np.log10(spectrum[1, 0] / spectrum[0, 0]) == pytest.approx(1.5, abs=0.01)
    assert corner_hz[0] / corner_hz[1] == pytest.approx(10**0.5)


def test_moments_and_magnitudes_are_inverse() -> None:
    magnitude = np.array([1.0, 2.5, 4.9])
    np.testing.assert_allclose(source.magnitude_of_moment(source.moment_nm(magnitude)), magnitude)
    np.testing.assert_allclose(source.moment_magnitude(np.array([3.0, 4.9])), [3.0, 4.9])


def test_spreading_has_no_step() -> None:
    near, far = source.spreading(np.array([59.999999, 60.000001]))
    assert near == pytest.approx(far, rel=1e-6)


def test_direct_waves_carry_unit_energy() -> None:
    time_s = (np.arange(7200)[None] / 100 - 11).astype(np.float32)
    none = np.zeros((1, 1), dtype=np.float32)
    for duration_s in (1.0, 4.0):
        shape = envelope.Shape(*(np.full((1, 1), duration_s, np.float32),) * 2, none, none)
        for window in (envelope.p_envelope(time_s, shape), envelope.s_envelope(time_s, 9.0 * ONE, shape)):
            assert (window**2).sum() == pytest.approx(1.0, rel=1e-4)
            assert (window[0, :1100] == 0).all()


def test_codas_are_weaker_next_to_the_source_only() -> None:
    corner_hz = np.full(3, 10.0)
    near, edge, far = (
        envelope.draw_shape(corner_hz, np.full(3, kilometres), np.random.default_rng(0))
        for kilometres in (5.0, envelope.CODA_KM, 80.0)
    )
    for name in ("p_coda", "s_coda"):
        np.testing.assert_allclose(getattr(near, name), getattr(far, name) / 3, rtol=1e-6)
        np.testing.assert_array_equal(getattr(edge, name), getattr(far, name))


def test_noise_lies_between_the_global_models_below_ten_hertz() -> None:
    for model, sign in ((get_nlnm(), 1), (get_nhnm(), -1)):
        period_s, level_db = model
        band = (noise.FREQUENCY_HZ >= 0.1) & (noise.FREQUENCY_HZ <= 10)
        order = np.argsort(period_s)
        bound_db = np.interp(1 / noise.FREQUENCY_HZ[band], period_s[order], level_db[order])
        assert (sign * (noise.LEVEL_DB[band] - bound_db) > 0).all()


def test_the_network_has_the_spread_it_should() -> None:
    network = make_network(5)
    log_site = np.log10(network.site_factor)
    assert log_site[network.index("KRBG")] == 0.0  # its measured gain holds the amplification of its site
    drawn = log_site[log_site != 0.0]
    assert drawn.sum() == pytest.approx(0.0, abs=1e-9)
    assert drawn.std() == pytest.approx(0.2, rel=0.07)
    assert network.offset_counts[network.index("GAZK"), 0, 0] == 2631
    assert network.gain[network.index("YLV"), 0] == 298e6
    assert {family for station in network.stations for family in station.families} == {"HH", "HN", "EH"}
    assert (network.offset_counts[:, 1] != 0).all()


@pytest.mark.parametrize("family", list(FAMILIES))
def test_responses_are_those_of_the_poles_and_zeros(family: str) -> None:
    paz = poles_zeros(family)
    theirs, frequency_hz = paz_to_freq_resp(list(paz.poles), list(paz.zeros), 1.0, 0.01, 7200, freq=True)
    ours = response(family, frequency_hz, 100.0)
    if paz.input_unit == "M/S**2":
        theirs = theirs * 2j * np.pi * frequency_hz
    band = (frequency_hz > 0) & (frequency_hz < 40.0)
    np.testing.assert_allclose(ours[band], theirs[band], rtol=1e-4)


@pytest.mark.parametrize("family", ["HH", "HN"])
def test_noise_has_the_level_of_its_table(family: str) -> None:
    simulator = Simulator(SimulationSettings(n_records=320))
    network, kind, codes = simulator.network, int(family == "HN"), simulator.records()
    ratios = []
    for number in range(simulator.n_blocks):
        block, here = simulator.noise(number), codes.iloc[number * BLOCK : (number + 1) * BLOCK]
        for place in np.flatnonzero(here["family"] == family):
            row = network.index(here["station"].iloc[place])
            frequency_hz, density = welch(block.counts[place] / network.gain[row, kind], 100.0, nperseg=2048)
            band = (frequency_hz >= 0.3) & (frequency_hz <= 30.0)
            frequency_hz = frequency_hz[band]
            per_velocity = response(family, frequency_hz, 100.0)
            density = density[:, band] * np.abs(2j * np.pi * frequency_hz / per_velocity) ** 2
            level_db = network.noise_db[row] + block.truth.noise_level_db[place]
            level_db = np.interp(np.log(frequency_hz), np.log(noise.FREQUENCY_HZ), level_db)
            own = 10 ** (SELF_NOISE_DB / 10) if kind else 0.0
            ground = 10 ** (level_db / 10) * noise.component_factor(frequency_hz) ** 2
            ratios.append(density / (ground + own))
    assert len(ratios) > 50
    octave = np.floor(np.log2(frequency_hz / 0.3)).astype(int)
    for number in range(octave.max() + 1):
        ratio = np.mean(ratios, axis=0)[:, octave == number].mean(axis=1)
        np.testing.assert_allclose(10 * np.log10(ratio), 0.0, atol=1.0)


def test_stations_noise_has_the_measured_spread() -> None:
    realised_db = make_network(5).noise_db.std(axis=0)
    # Normal scores of some fifty stations lack the outermost tails; three shuffled parts add by chance.
    np.testing.assert_allclose(realised_db, noise.LEVEL_SD_DB, rtol=0.25)
    many_db = noise.station_noise_db(np.random.default_rng(0).normal(size=(20_000, 3))).std(axis=0)
    np.testing.assert_allclose(many_db, noise.LEVEL_SD_DB, rtol=0.02)


def test_the_bank_holds_normal_numbers() -> None:
    bank = noise.NormalBank(0)
    numbers = bank.draw(np.random.default_rng(0), 4, 3, 5000)
    assert numbers.std() == pytest.approx(1.0, rel=0.02)
    assert abs(numbers.mean()) < 0.02


def test_distances_and_directions_are_obspys() -> None:
    event, station = (np.array([40.8]), np.array([28.5])), (np.array([40.43]), np.array([29.74]))
    distance_km, back_azimuth_deg = great_circle(event, station)
    metres, _, back_deg = gps2dist_azimuth(40.8, 28.5, 40.43, 29.74)
    assert distance_km[0] == pytest.approx(metres / 1e3, rel=0.005)  # a sphere against an ellipsoid
    assert back_azimuth_deg[0] == pytest.approx(back_deg, abs=0.3)


def test_magnitudes_follow_gutenberg_and_richter_above_the_detection() -> None:
    settings = SimulationSettings(max_magnitude=5.0)
    magnitude = magnitude_quantile(settings, (np.arange(100_000) + 0.5) / 100_000)
    counts = [((magnitude >= low) & (magnitude < low + 0.5)).sum() for low in (2.5, 3.5)]
    assert np.log10(counts[0] / counts[1]) == pytest.approx(1.0, abs=0.02)
