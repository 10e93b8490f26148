"""A bulletin that is written is read back by ObsPy, every event and every pick of it."""

import os
from pathlib import Path

import pytest
from obspy import UTCDateTime, read_events

from seismic_lightning.records.bulletin_writer import (
    BulletinArrival,
    BulletinEvent,
    azimuthal_gap_deg,
    bulletin_text,
)
from seismic_lightning.records.catalogue import Event

ORIGIN_NS = UTCDateTime("2023-12-04T00:57:20.44").ns
SECOND_NS = 10**9


def event(number: int = 0, magnitude: float | None = 2.3) -> Event:
    origin_ns = ORIGIN_NS + number * 3600 * SECOND_NS
    return Event(f"2023120400572{number}", origin_ns, 40.7075, 27.5095, 9.5, magnitude, "ML")


def arrival(station: str, phase: str, after_s: float, residual_s: float = 0.04) -> BulletinArrival:
    with_magnitude = {"amplitude_mm": 3.24, "magnitude": 2.04} if phase == "Pg" else {}
    time_ns = ORIGIN_NS + round(after_s * SECOND_NS)
    return BulletinArrival(station, 0.11, 150.4, phase, time_ns, residual_s, **with_magnitude)


def block(number: int = 0) -> BulletinEvent:
    arrivals = (arrival("MRMT", "Pg", 3.06), arrival("MRMT", "Sg", 5.32, -0.04), arrival("EDC", "Pn", 19.0))
    return BulletinEvent(event(number), "GUZELKOY ACIKLARI-TEKIRDAG (MARMARA DENIZI)", arrivals)


def test_obspy_reads_every_event_and_pick(tmp_path: Path) -> None:
    path = tmp_path / "bulletin.txt"
    path.write_text(bulletin_text([block(0), block(1)], "2023_sim"), encoding="ascii")
    content = read_events(str(path), format="GSE2")
    assert [str(entry.resource_id).rsplit("/", 1)[-1] for entry in content] == [
        "20231204005720",
        "20231204005721",
    ]
    first = content[0]
    assert [(p.waveform_id.station_code, p.phase_hint, p.time) for p in first.picks] == [
        ("MRMT", "Pg", UTCDateTime("2023-12-04T00:57:23.5")),
        ("MRMT", "Sg", UTCDateTime("2023-12-04T00:57:25.8")),
        ("EDC", "Pn", UTCDateTime("2023-12-04T00:57:39.4")),
    ]
    assert {p.evaluation_mode for p in first.picks} == {"manual"}
    origin, magnitude = first.preferred_origin(), first.preferred_magnitude()
    assert (origin.latitude, origin.longitude, origin.depth) == (40.7075, 27.5095, 9500.0)
    assert origin.time == UTCDateTime("2023-12-04T00:57:20.4")
    assert (magnitude.mag, magnitude.magnitude_type, magnitude.station_count) == (2.3, "ML", 2)
    assert [a.time_residual for a in origin.arrivals] == [0.0, 0.0, 0.0]
    assert [a.azimuth for a in origin.arrivals] == [150.0] * 3
    assert [a.generic_amplitude for a in first.amplitudes] == [3.2]
    assert first.station_magnitudes[0].mag == 2.0
    assert first.event_descriptions[0].text.startswith("GUZELKOY")
    ids = [str(p.resource_id) for entry in content for p in entry.picks]
    assert len(set(ids)) == len(ids), "arrival numbers run through the file"


@pytest.mark.skipif("SEISMIC_REAL_DATA" not in os.environ, reason="SEISMIC_REAL_DATA is not set")
def test_lines_are_those_of_a_real_bulletin() -> None:
    real = (Path(os.environ["SEISMIC_REAL_DATA"]) / "gemlik_2023" / "bulletin_20231204.txt").read_text()
    expected = real.splitlines()[:12]
    ours = bulletin_text([block()], "2023_sim", author="KAN", first_id=109867).splitlines()[4:16]
    same = [0, 1, 2, 3, 6, 7, 8]
    assert [ours[line] for line in same] == [expected[line] for line in same]
    assert ours[9] == expected[9]
    assert ours[4][:52] == expected[4][:52]
    assert ours[4][71:77] == expected[4][71:77]


def test_what_the_format_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="20231204005720: a bulletin needs"):
        bulletin_text([BulletinEvent(event(magnitude=None), "GEMLIK", block().arrivals)], "x")
    with pytest.raises(ValueError, match="a bulletin needs"):
        bulletin_text([BulletinEvent(event(), "GEMLIK", ())], "x")
    with pytest.raises(ValueError, match="'TOOLONG' is wider than the 5 columns"):
        bulletin_text([BulletinEvent(event(), "GEMLIK", (arrival("TOOLONG", "Pg", 1.0),))], "x")


def test_the_gap_of_one_station_is_the_whole_circle() -> None:
    assert azimuthal_gap_deg([10.0]) == 360.0
    assert azimuthal_gap_deg([0.0, 180.0]) == 180.0
    assert azimuthal_gap_deg([350.0, 10.0, 100.0]) == 250.0
