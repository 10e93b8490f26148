"""Bulletins with the habits of observatories, and with damaged lines: nothing is lost, invented or unsaid."""

from collections.abc import Callable
from pathlib import Path

import pytest
from obspy import UTCDateTime
from support.bulletins import accounted, parse, text_of

from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.bulletin import parse_bulletin, read_bulletin
from seismic_lightning.records.bulletin_rows import OriginMagnitude

ORIGIN = "2023/12/04 00:57:20.4     40.7075   27.5095      9.5      20   17  53  ML 2.3 17"
ARRIVAL_HEADER = "Sta    Dist   EvAz     Phase       Date      Time     TRes"
P_LINE = "MRMT    0.11 150.0 m   Pg      2023/12/04 00:57:23.5   0.0"


def bare(text: str) -> str:
    """Return a bulletin without header and STOP, as Kandilli sends it."""
    lines = text.splitlines()
    return "\n".join(lines[4:-1]) + "\n"


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
def test_habits_of_observatories_change_nothing(habit: Callable[[str], str]) -> None:
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
        ("xM", ("ML", 4.4)),
        (["Ms"], (None, None)),
        (["mw"], ("Mw", 4.1)),
        ([], (None, None)),
    ],
)
def test_the_choice_of_a_magnitude_is_explicit(
    order: list[str] | str | None, expected: tuple[str | None, float | None]
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
    assert parse("DATA_TYPE BULLETIN GSE2.0\nSTOP\n").events == []
