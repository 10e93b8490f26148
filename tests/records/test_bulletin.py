"""Bulletins as observatories send them: the same as ObsPy reads, and what ObsPy cannot, line by line."""

import os
from collections import Counter
from pathlib import Path

import pytest
from obspy import UTCDateTime, read_events
from obspy.core.event import Catalog
from support.bulletins import made_events

from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.bulletin import Bulletin, parse_bulletin, read_bulletin
from seismic_lightning.records.bulletin_rows import OriginMagnitude
from seismic_lightning.records.bulletin_writer import bulletin_text
from seismic_lightning.records.catalogue import P_PHASES, read_quakeml

REAL_DATA = os.environ.get("SEISMIC_REAL_DATA")
needs_real_data = pytest.mark.skipif(
    REAL_DATA is None, reason="SEISMIC_REAL_DATA is not set: no real bulletin to read"
)
HEADER = "BEGIN GSE2.0\nMSG_TYPE DATA\nMSG_ID example KAN\nDATA_TYPE BULLETIN GSE2.0\n"
ORIGIN = "2023/12/04 00:57:20.4     40.7075   27.5095      9.5      20   17  53  ML 2.3 17"
ARRIVAL_HEADER = "Sta    Dist   EvAz     Phase       Date      Time     TRes"
P_LINE = "MRMT    0.11 150.0 m   Pg      2023/12/04 00:57:23.5   0.0"


def text_of(n_events: int = 2) -> str:
    return bulletin_text(made_events(n_events), "made")


def bare(text: str) -> str:
    """Return a bulletin without header and STOP, as Kandilli sends it."""
    lines = text.splitlines()
    return "\n".join(lines[4:-1]) + "\n"


def parse(text: str) -> Bulletin:
    bulletin = parse_bulletin(text.encode())
    accounted(bulletin, text.encode())
    return bulletin


def accounted(bulletin: Bulletin, content: bytes) -> None:
    """Every line is counted once, and what was counted is what is there."""
    n_lines = len(content.splitlines())
    assert sum(bulletin.understood.values()) + len(bulletin.problems) == n_lines
    assert sum(bulletin.left_out.values()) == len(bulletin.problems)
    counts = {
        "event": len(bulletin.events),
        "origin": sum(len(event.origins) for event in bulletin.events),
        "arrival": sum(len(event.arrivals) for event in bulletin.events),
    }
    assert {kind: bulletin.understood.get(kind, 0) for kind in counts} == counts
    lines = [problem.line for problem in bulletin.problems]
    assert lines == sorted(set(lines))


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


def same_arrivals(event, theirs) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - ObsPy has no types
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


def without_double_blanks(text: str) -> str:
    return text.replace("\n\n\n", "\n\n")


def twice_begun(text: str) -> str:
    """Return two messages in one file, each with its events."""
    second = text.replace("EVENT 2023", "EVENT 2024")
    return text + "\n\n" + second


@pytest.mark.parametrize(
    "habit",
    [
        bare,
        without_double_blanks,
        lambda text: without_double_blanks(bare(text)),
        lambda text: text.replace("STOP\n", ""),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("BULLETIN GSE2.0", "BULLETIN\nA title (of 4 December)"),
        lambda text: "\n\n" + text,
        lambda text: "\ufeff" + text,
        lambda text: text.replace("EVENT 2", "EVENT     2"),
    ],
)
def test_habits_of_observatories_change_nothing(habit) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    text = habit(text_of(3))
    bulletin = parse(text)
    assert bulletin.problems == []
    assert bulletin.events == parse(text_of(3)).events


def test_two_messages_in_one_file_are_both_read() -> None:
    bulletin = parse(twice_begun(text_of(3)))
    assert bulletin.problems == []
    assert len(bulletin.events) == 6
    assert [event.arrivals for event in bulletin.events[3:]] == [
        event.arrivals for event in bulletin.events[:3]
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1254", "iso-8859-9", "latin-1"])
def test_names_of_places_keep_their_letters(encoding: str) -> None:
    place = "ÇINARCIK AÇIKLARI (MARMARA DENİZİ)" if encoding != "latin-1" else "ÇINARCIK AÇÖÜ"
    content = text_of(1).replace("PLACE 0 (MARMARA DENIZI)", place).encode(encoding)
    bulletin = parse_bulletin(content)
    accounted(bulletin, content)
    assert (bulletin.events[0].region, bulletin.problems) == (place, [])


def event_text(*lines: str) -> str:
    return "\n".join(["EVENT 1", ORIGIN, ARRIVAL_HEADER, *lines]) + "\n"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("00:57:60.0", "2023-12-04T00:58:00.0"),
        ("23:59:60.0", "2023-12-05T00:00:00.0"),
        ("24:00:01.5", "2023-12-05T00:00:01.5"),
        ("25:10:03.4", "2023-12-05T01:10:03.4"),
        ("00:60:00.0", "2023-12-04T01:00:00.0"),
        (" 0: 7: 3.5", "2023-12-04T00:07:03.5"),
        ("00:57:23  ", "2023-12-04T00:57:23.0"),
    ],
)
def test_odd_times_mean_one_moment(written: str, meant: str) -> None:
    bulletin = parse(event_text(P_LINE.replace("00:57:23.5", written)))
    assert [arrival.time_ns for arrival in bulletin.events[0].arrivals] == [UTCDateTime(meant).ns]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("00:57:23.5", "00:57:61.0", "time out of range"),
        ("00:57:23.5", "0x:57:23.5", "no time"),
        ("2023/12/04", "2023/02/30", "no such day"),
        ("2023/12/04", "0023/12/04", "time out of range"),
        ("MRMT", "    ", "no station"),
        ("MRMT  ", "MRMTXX", "text between the columns"),
        ("150.0", "150.O", "azimuth is no number"),
        ("150.0", "450.0", "azimuth out of range"),
        (" 0.11", "  nan", "distance is no number"),
        (" 0.11", " 1_11", "distance is no number"),
        (" 0.11", "   \u0661\u0661", "distance is no number"),
        ("Pg", "P\x00", "characters that are no text"),
    ],
)
def test_a_damaged_line_is_reported_and_its_neighbours_are_read(old: str, new: str, reason: str) -> None:
    bulletin = parse(event_text(P_LINE, P_LINE.replace(old, new), P_LINE))
    assert [(problem.line, problem.reason) for problem in bulletin.problems] == [(5, reason)]
    assert bulletin.problems[0].text == P_LINE.replace(old, new)
    assert len(bulletin.events[0].arrivals) == 2


def test_what_is_empty_or_did_not_fit_is_none() -> None:
    line = P_LINE.replace("   0.0", " *****").ljust(110) + "mb<3.6 ML-0.4"
    bare_line = "MRMT".ljust(31) + "2023/12/04 00:57:23.5"
    full, empty = parse(event_text(line, bare_line)).events[0].arrivals
    assert full.residual_s is None
    assert full.magnitudes == (
        OriginMagnitude("mb", 3.6, bound="<"),
        OriginMagnitude("ML", -0.4),
    )
    given = {name: value for name, value in empty._asdict().items() if value not in (None, ())}
    assert set(given) == {"station", "time_ns"}


def test_origins_are_kept_and_the_first_is_preferred() -> None:
    second = ORIGIN.replace("40.7075", "41.0000").replace("ML 2.3 17", "Mw<3.0  2")
    errors = (
        "      0.12   +-  0.30       1.5     .7  120    +- 0.9    0.11   1.09    0.32".ljust(104) + "m i ke"
    )
    bulletin = parse("\n".join(["EVENT 1", ORIGIN, errors, second, "SOMEWHERE", ARRIVAL_HEADER, P_LINE]))
    first, other = bulletin.events[0].origins
    assert (first.latitude_deg, other.latitude_deg) == (40.7075, 41.0)
    assert first[11:] == (0.12, 0.3, 1.5, 0.7, 120.0, 0.9, 0.11, 1.09, "m", "i", "ke")
    assert first.magnitudes == (OriginMagnitude("ML", 2.3, 17, 0.32),)
    assert other[11:] == (None,) * 11, "the errors of one origin are not another's"
    assert bulletin.catalogue().events["1"].latitude_deg == 40.7075


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (None, ("Mw", 4.1)),
        (["ML"], ("ML", 4.4)),
        (["MD", "ML", "Mw"], ("ML", 4.4)),
        (["xM"], ("ML", 4.4)),
        (["Ms"], (None, None)),
        (["Ms", "xM"], ("ML", 4.4)),
        ([], (None, None)),
    ],
)
def test_the_choice_of_a_magnitude_is_explicit(
    order: list[str] | None, expected: tuple[str | None, float | None]
) -> None:
    origin = ORIGIN.replace("ML 2.3 17", "Mw 4.1 12  ML 4.4 17  mb>5.0  1")
    event = parse(f"EVENT 1\n{origin}\n").catalogue(order).events["1"]
    assert (event.magnitude_type, event.magnitude) == expected


def test_picks_say_whether_a_program_made_them() -> None:
    lines = [P_LINE, P_LINE.replace(" m ", " a "), P_LINE.replace(" m ", "   ")]
    picks = parse(event_text(*lines)).catalogue().picks
    assert [pick.mode for pick in picks] == ["manual", "automatic", "manual"]
    assert {(pick.network, pick.location, pick.channel) for pick in picks} == {("", None, "")}


def test_what_follows_a_lost_event_line_is_nobodys() -> None:
    text = bare(text_of(3))
    for damaged in (
        text.replace("EVENT 20231204000001\n", ""),
        text.replace("EVENT 20231204000001", "EWENT 20231204000001"),
        text.replace("EVENT 20231204000001", "EVENT 20231204000000"),
        text.replace("EVENT 20231204000001", "EVENT"),
    ):
        bulletin = parse(damaged)
        sound = parse(text)
        assert bulletin.events == [sound.events[0], sound.events[2]]
        assert len(bulletin.problems) >= 4 + len(sound.events[1].arrivals)


def test_other_parts_of_a_message_are_reported() -> None:
    text = text_of(1).replace("STOP\n", f"DATA_TYPE ARRIVAL\n{ARRIVAL_HEADER}\n{P_LINE}\nSTOP\n")
    bulletin = parse(text)
    assert bulletin.left_out == {"outside of any event": 1}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"time,latitude\n1,2\n",
        b"EVENT 1\n",
        bytes(range(256)),
        b"BEGIN IMS1.0\nMSG_TYPE DATA\n",
    ],
)
def test_what_is_no_bulletin_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"notes\.txt is no GSE2\.0 bulletin"):
        read_bulletin(path)


def test_a_file_that_cannot_be_opened_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"missing\.txt cannot be read"):
        read_bulletin(tmp_path / "missing.txt")
    with pytest.raises(ArchiveError, match="cannot be read"):
        read_bulletin(tmp_path)


def test_a_bulletin_without_events_is_one() -> None:
    assert parse(HEADER + "STOP\n").events == []


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
