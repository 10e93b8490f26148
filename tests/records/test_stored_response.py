"""The stored curve gives back evalresp's response between its points, and says what is wrong with one."""

from pathlib import Path

import numpy as np
import obspy
import pytest
from obspy.core.inventory.response import Response
from scipy.interpolate import CubicSpline
from support.archive import write_archive
from support.instruments import equip, example, many_stages, sensor_alone

from seismic_lightning.codes import SeedId
from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.inventory import read_stationxml
from seismic_lightning.records.response import N_FREQUENCIES, ChannelEpoch, evaluate, frequencies_hz
from seismic_lightning.simulation.metadata import _response as simulated

BOUND = 1e-5
"""A tenth of what ground motion may err by."""
CHANNEL = SeedId("XX", "ST00", "", "HHZ")


@pytest.mark.parametrize(
    ("response", "rate_hz"),
    [
        (example("HHZ"), 100.0),
        (example("BHZ"), 20.0),
        (example("LHZ"), 1.0 * 2),
        (simulated("HH", 9e8), 100.0),
        (simulated("EH", 9e8), 100.0),
        (simulated("HN", 4.3e5), 250.0),
        (many_stages(20.0), 20.0),
        (many_stages(100.0), 100.0),
        (many_stages(200.0, "M/S**2", 1e-4), 200.0),
    ],
)
def test_a_spline_through_the_grid_is_the_response(response: Response, rate_hz: float) -> None:
    grid = frequencies_hz(rate_hz)
    assert len(grid) == N_FREQUENCIES
    assert np.all(np.diff(grid) > 0)
    between = np.linspace(0.05, 0.45 * rate_hz, 9973)
    options = {"output": "VEL", "hide_sensitivity_mismatch_warning": True}
    stored = response.get_evalresp_response_for_frequencies(grid, **options)
    expected = response.get_evalresp_response_for_frequencies(between, **options)
    assert np.abs(CubicSpline(grid, stored)(between) / expected - 1).max() < BOUND


def test_responses_are_found_by_channel_and_epoch(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", n_events=1, n_stations=2)
    equip(archive, {"": many_stages(100.0), "ST01..HHZ": simulated("HH", 5e8)})
    path = archive / "stations.xml"
    wanted = [
        ChannelEpoch(CHANNEL._replace(station=station), None, None, 100.0) for station in ("ST01", "ST00")
    ]
    single, many = evaluate([path], wanted)
    at_10_hz = np.argmin(np.abs(frequencies_hz(100.0) - 10.0))
    assert single.counts_per_mps is not None
    assert many.counts_per_mps is not None
    assert abs(single.counts_per_mps[at_10_hz]) == pytest.approx(5e8, rel=1e-4)
    assert abs(many.counts_per_mps[at_10_hz]) == pytest.approx(1.2e9, rel=0.1)
    assert read_stationxml(path).channel(CHANNEL, 0).n_stages == 5  # type: ignore[union-attr]
    with pytest.raises(ArchiveError, match=r"XX\.ST02\.\.HHZ is gone"):
        evaluate([path], [ChannelEpoch(CHANNEL._replace(station="ST02"), None, None, 100.0)])


def test_what_evalresp_refuses_is_remarked(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", n_events=1, n_stations=1)
    broken = many_stages(100.0, unit="PA")
    equip(archive, {"": broken})
    (curve,) = evaluate([archive / "stations.xml"], [ChannelEpoch(CHANNEL, None, None, 100.0)])
    assert curve.counts_per_mps is None
    assert curve.remark == "the response begins with PA, not with ground motion"
    (slow,) = evaluate([archive / "stations.xml"], [ChannelEpoch(CHANNEL, None, None, 1.0)])
    assert slow.remark == "a rate of 1 Hz is too low for a stored response"


def test_a_response_in_volts_is_no_response_in_counts(tmp_path: Path) -> None:
    archive = equip(write_archive(tmp_path / "archive", n_events=1, n_stations=1), {"": sensor_alone()})
    (curve,) = evaluate([archive / "stations.xml"], [ChannelEpoch(CHANNEL, None, None, 100.0)])
    assert curve.counts_per_mps is None
    assert curve.remark == "the response ends in V, not in counts"
    channel = read_stationxml(archive / "stations.xml").channel(CHANNEL, 0)
    assert channel is not None
    assert (channel.sensitivity, channel.input_unit) == (None, None)
    assert channel.remark == "the sensitivity leads to V, not to counts"


@pytest.mark.parametrize("unit", ["M/S", "M/S**2"])
def test_a_sensitivity_that_contradicts_the_stages_is_remarked(tmp_path: Path, unit: str) -> None:
    archive = write_archive(tmp_path / "archive", n_events=1, n_stations=1)
    remarks = []
    for stated in (1.2e9, 1.25e9, 2.4e9):
        response = many_stages(100.0, unit, 1e-4 if unit == "M/S**2" else 1 / 120)
        response.instrument_sensitivity.value = stated
        equip(archive, {"": response})
        (curve,) = evaluate([archive / "stations.xml"], [ChannelEpoch(CHANNEL, None, None, 100.0)])
        assert curve.counts_per_mps is not None
        remarks.append(curve.remark)
    assert remarks[:2] == [None, None]
    assert "the stated sensitivity is 2.4e+09, but the stages make 1.20" in str(remarks[2])


def test_what_is_no_stationxml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "stations.xml"
    path.write_text("<html>", encoding="utf-8")
    with pytest.raises(ArchiveError, match=r"stations\.xml cannot be read as StationXML"):
        evaluate([path], [])


def test_the_example_inventory_is_read_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "stations.xml"
    obspy.read_inventory().write(str(path), format="STATIONXML")
    channels = [
        ChannelEpoch(
            SeedId(network.code, station.code, channel.location_code, channel.code),
            None if channel.start_date is None else channel.start_date.ns,
            None if channel.end_date is None else channel.end_date.ns,
            100.0,
        )
        for network in obspy.read_inventory()
        for station in network
        for channel in station
        if channel.code.startswith("HH")
    ]
    curves = evaluate([path], channels)
    assert len(curves) >= 6
    assert all(curve.counts_per_mps is not None for curve in curves)
