"""Bulletins are read back as they were written, and as ObsPy reads what it can read."""

import os
from collections import Counter
from pathlib import Path

import pytest
from obspy import read_events
from obspy.core.event import Catalog, Event
from support.bulletins import accounted, made_events, parse, text_of

from seismic_lightning.records.bulletin import Bulletin, read_bulletin
from seismic_lightning.records.bulletin_rows import ReportedEvent
from seismic_lightning.records.bulletin_writer import bulletin_text
from seismic_lightning.records.catalogue import P_PHASES, read_quakeml

REAL_DATA = os.environ.get("SEISMIC_REAL_DATA")
needs_real_data = pytest.mark.skipif(
    REAL_DATA is None, reason="SEISMIC_REAL_DATA is not set: no real bulletin to read"
)
HEADER = "BEGIN GSE2.0\nMSG_TYPE DATA\nMSG_ID example KAN\nDATA_TYPE BULLETIN GSE2.0\n"


def same_as_obspy(bulletin: Bulletin, catalogue: Catalog) -> None:
    """Compare every event, origin, magnitude and arrival; ObsPy puts depth and errors into metres."""
    assert len(bulletin.events) == len(catalogue)
    for event, theirs in zip(bulletin.events, catalogue, strict=True):
        assert event.event_id == str(theirs.resource_id).rsplit("/", 1)[-1]
        assert event.region == theirs.event_descriptions[0].text.strip()
        origin, expected = event.origins[0], theirs.origins[0]
        assert origin.time_ns == expected.time.ns
        assert (origin.latitude_deg, origin.longitude_deg) == (expected.latitude, expected.longitude)
        assert origin.depth_km == pytest.approx(expected.depth / 1000.0)
        assert origin.depth_fixed == (expected.depth_type == "operator assigned")
        assert origin.rms_s == expected.quality.standard_error
        assert origin.n_defining == expected.quality.used_phase_count
        assert origin.n_stations == expected.quality.used_station_count
        assert origin.gap_deg == expected.quality.azimuthal_gap
        assert (origin.min_distance_deg, origin.max_distance_deg) == (
            expected.quality.minimum_distance,
            expected.quality.maximum_distance,
        )
        assert [(size.kind, size.value, size.n_stations) for size in origin.magnitudes] == [
            (size.magnitude_type, size.mag, size.station_count) for size in theirs.magnitudes
        ]
        same_arrivals(event, theirs)


def same_arrivals(event: ReportedEvent, theirs: Event) -> None:
    assert [(a.station, a.phase, a.time_ns) for a in event.arrivals] == [
        (pick.waveform_id.station_code, pick.phase_hint, pick.time.ns) for pick in theirs.picks
    ]
    assert [
        (a.distance_deg, a.azimuth_deg, a.residual_s, a.back_azimuth_residual_deg) for a in event.arrivals
    ] == [
        (a.distance, a.azimuth, a.time_residual, a.backazimuth_residual) for a in theirs.origins[0].arrivals
    ]
    slownesses = [pick.horizontal_slowness for pick in theirs.picks]
    assert [a.slowness_s_deg for a in event.arrivals] == slownesses
    assert [a.back_azimuth_deg for a in event.arrivals] == [pick.backazimuth for pick in theirs.picks]
    assert [(a.amplitude, a.period_s, a.snr) for a in event.arrivals if a.amplitude is not None] == [
        (a.generic_amplitude, a.period, a.snr) for a in theirs.amplitudes
    ]
    # ObsPy drops a station's magnitude where the line gives no amplitude.
    assert [size.value for a in event.arrivals if a.amplitude is not None for size in a.magnitudes] == [
        size.mag for size in theirs.station_magnitudes
    ]


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    written = made_events(20)
    path = tmp_path / "bulletin.txt"
    path.write_text(bulletin_text(written, "made", author="KAN", first_id=7), encoding="ascii")
    bulletin = read_bulletin(path)
    accounted(bulletin, path.read_bytes())
    assert bulletin.problems == []
    assert list(bulletin.catalogue().events.values()) == [entry.event for entry in written]
    for event, entry in zip(bulletin.events, written, strict=True):
        assert event.region == entry.region
        assert (event.origins[0].author, event.origins[0].n_defining) == ("KAN", len(entry.arrivals))
        for arrival, expected in zip(event.arrivals, entry.arrivals, strict=True):
            assert (arrival.amplitude, arrival.period_s) == (expected.amplitude_mm, expected.period_s)
            assert [size.value for size in arrival.magnitudes] == (
                [] if expected.magnitude is None else [expected.magnitude]
            )
            assert arrival[:5] == (
                expected.station,
                expected.time_ns,
                expected.phase,
                expected.distance_deg,
                expected.azimuth_deg,
            )
            assert (arrival.residual_s, arrival.snr, arrival.slowness_s_deg) == (
                expected.residual_s,
                None,
                None,
            )
    ids = [arrival.arrival_id for event in bulletin.events for arrival in event.arrivals]
    assert ids == [str(number) for number in range(7, 7 + len(ids))]


def test_obspy_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "bulletin.txt"
    path.write_text(text_of(5), encoding="ascii")
    same_as_obspy(read_bulletin(path), read_events(str(path), format="GSE2"))


def test_quakeml_holds_the_catalogue(tmp_path: Path) -> None:
    bulletin = parse(text_of())
    path = tmp_path / "catalogue.xml"
    path.write_bytes(bulletin.quakeml())
    assert read_quakeml(path) == bulletin.catalogue()
    assert len(read_events(str(path), format="QUAKEML")) == 2


@needs_real_data
def test_the_real_bulletin_is_read_whole_and_as_obspy_reads_it(tmp_path: Path) -> None:
    path = Path(REAL_DATA or "") / "gemlik_2023" / "bulletin_20231204.txt"
    bulletin = read_bulletin(path)
    accounted(bulletin, path.read_bytes())
    assert bulletin.problems == []
    phases = Counter(arrival.phase for event in bulletin.events for arrival in event.arrivals)
    assert (len(bulletin.events), phases) == (111, {"Pg": 1521, "Sg": 219, "Pn": 163, "Sn": 1})
    lines = path.read_text(encoding="ascii").splitlines()
    assert [event.event_id for event in bulletin.events] == [
        line.split()[1] for line in lines if line.startswith("EVENT")
    ]
    assert [arrival.arrival_id for event in bulletin.events for arrival in event.arrivals] == [
        line.split()[-1] for line in lines if line[35:36] == "/"
    ]
    assert [event.origins[0].origin_id for event in bulletin.events] == [
        line.split()[-1] for line in lines if line[4:5] == "/"
    ]
    wrapped = tmp_path / "wrapped.txt"
    wrapped.write_text(HEADER + path.read_text(encoding="ascii") + "\nSTOP\n", encoding="ascii")
    same_as_obspy(bulletin, read_events(str(wrapped), format="GSE2"))


@needs_real_data
def test_amplitudes_of_the_real_bulletin_stand_on_p_lines_only() -> None:
    bulletin = read_bulletin(Path(REAL_DATA or "") / "gemlik_2023" / "bulletin_20231204.txt")
    arrivals = [arrival for event in bulletin.events for arrival in event.arrivals]
    with_amplitude = [arrival for arrival in arrivals if arrival.amplitude is not None]
    assert {arrival.phase for arrival in with_amplitude} <= set(P_PHASES)
    assert len(with_amplitude) > 1000
    assert {arrival.snr for arrival in arrivals} == {None}
    assert sum(bool(arrival.magnitudes) for arrival in arrivals if arrival.amplitude is None) == 38


@needs_real_data
@pytest.mark.parametrize(
    ("name", "n_events", "n_arrivals"),
    [
        ("event.txt", 1, 14),
        ("gse_2.0_2_begins.txt", 2, 16),
        ("gse_2.0_2_events.txt", 2, 16),
        ("gse_2.0_incomplete.txt", 1, 3),
        ("gse_2.0_non_standard.txt", 2, 16),
        ("gse_2.0_standard.txt", 1, 9),
    ],
)
def test_dialects_are_read_without_a_problem(name: str, n_events: int, n_arrivals: int) -> None:
    path = Path(REAL_DATA or "") / "hard" / "gse2_bulletins" / name
    bulletin = read_bulletin(path)
    accounted(bulletin, path.read_bytes())
    assert bulletin.problems == []
    assert (len(bulletin.events), sum(len(event.arrivals) for event in bulletin.events)) == (
        n_events,
        n_arrivals,
    )
    if name in ("gse_2.0_standard.txt", "gse_2.0_2_events.txt"):
        same_as_obspy(bulletin, read_events(str(path), format="GSE2"))
