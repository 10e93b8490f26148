"""One catalogue of two sources: the catalogue's events, the bulletin's picks first, nothing guessed."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.archive import write_archive

from seismic_lightning.curation.build import curate
from seismic_lightning.curation.layout import Places, find_parts
from seismic_lightning.curation.merge import merge_picks, read_events
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.bulletin_writer import BulletinArrival, BulletinEvent, bulletin_text
from seismic_lightning.records.catalogue import Catalogue, Event, Pick, read_catalogue
from seismic_lightning.records.catalogue_settings import CatalogueSettings
from seismic_lightning.records.quakeml import quakeml_bytes

S = 1_000_000_000
ORIGIN_NS = 1_701_675_740 * S
QUAKE = Event("a", ORIGIN_NS, 40.408, 28.9, 8.0, 5.1, "ML")
DEFAULT = CatalogueSettings()


def pick(event: str, phase: str, offset_s: float = 3.0, station: str = "GEML") -> Pick:
    return Pick(event, "", station, None, "", phase, ORIGIN_NS + round(offset_s * S), "manual")


def bulletin(*events: Event, phases: tuple[str, ...] = ("Pg",)) -> str:
    def arrivals(event: Event) -> tuple[BulletinArrival, ...]:
        onset_ns = (event.origin_ns or 0) + 4 * S
        return tuple(BulletinArrival("GEML", 0.1, 90.0, phase, onset_ns, 0.0) for phase in phases)

    return bulletin_text([BulletinEvent(event, "GEMLIK", arrivals(event)) for event in events], "TEST_1")


Listed = tuple[Catalogue, list[tuple[str, str]]]


def read(folder: Path, catalogue: Catalogue | bytes | None, *texts: str) -> Listed:
    """Write both sources, read them as one, and return it with the reasons and culprits of what is listed."""
    if texts:
        (folder / "bulletins").mkdir()
    (folder / "waveforms" / "HH").mkdir(parents=True)
    (folder / "stations.xml").touch()
    (folder / "waveforms" / "HH" / "x.mseed").touch()
    for number, text in enumerate(texts):
        (folder / "bulletins" / f"{number}.txt").write_text(text)
    if catalogue is not None:
        content = catalogue if isinstance(catalogue, bytes) else quakeml_bytes(catalogue)
        (folder / "catalogue.xml").write_bytes(content)
    merged, rows = read_events(find_parts(folder), DEFAULT)
    return merged, [(row["reason"], row["event"] or row["detail"]) for row in rows]


def test_the_bulletins_picks_go_first_and_the_catalogue_fills_in() -> None:
    ours = [pick("a", "Pg"), pick("a", "S", 6.0), pick("a", "Pn", station="YLV")]
    theirs = [
        pick("a", "P", 3.3),  # what the analyst calls Pg
        pick("a", "Sg", 6.2),  # what the analyst calls S
        pick("a", "Pn", 2.9),  # another arrival than Pg
        pick("a", "Pg", 4.0, "YLV"),  # another arrival than Pn
        pick("b", "Pg"),
    ]
    assert merge_picks(ours, theirs) == [*ours, *theirs[2:]]


def test_the_same_identifier_joins_and_the_catalogue_says_where(tmp_path: Path) -> None:
    elsewhere = replace(QUAKE, latitude_deg=41.3, magnitude=2.0)
    merged, rows = read(tmp_path, Catalogue({"a": QUAKE}, [pick("a", "P")]), bulletin(elsewhere))
    assert merged.events == {"a": QUAKE}
    assert [(one.phase, one.time_ns) for one in merged.picks] == [("Pg", ORIGIN_NS + 4 * S)]
    assert rows == []


def test_another_identifier_joins_by_time_and_place(tmp_path: Path) -> None:
    as_reported = replace(QUAKE, event_id="b", origin_ns=ORIGIN_NS - 1_600_000_000, latitude_deg=40.438)
    merged, rows = read(tmp_path, Catalogue({"a": QUAKE}, []), bulletin(as_reported))
    assert [one.event_id for one in merged.picks] == ["a"]
    assert rows == []


@pytest.mark.parametrize(
    "changes",
    [
        {"origin_ns": ORIGIN_NS + 5 * S},
        {"latitude_deg": 40.408 + 0.26},
        {"longitude_deg": 28.9 - 0.34},
    ],
)
def test_what_lies_farther_apart_is_another_event(changes: dict[str, float], tmp_path: Path) -> None:
    other = replace(QUAKE, event_id="b", **changes)  # type: ignore[arg-type]
    merged, rows = read(tmp_path, Catalogue({"a": QUAKE}, []), bulletin(other))
    assert merged.picks == []
    assert rows == [("not_in_catalogue", "b")]


def test_what_could_be_two_events_is_reported_and_not_guessed(tmp_path: Path) -> None:
    twins = {"a": QUAKE, "c": replace(QUAKE, event_id="c", origin_ns=ORIGIN_NS + 2 * S)}
    merged, rows = read(tmp_path, Catalogue(twins, []), bulletin(replace(QUAKE, event_id="b")))
    assert merged.picks == []
    assert rows == [("ambiguous_event", "b")]


def test_two_reports_of_one_event_are_not_mixed(tmp_path: Path) -> None:
    reports = bulletin(*(replace(QUAKE, event_id=name) for name in ("b", "c")))
    merged, rows = read(tmp_path, Catalogue({"a": QUAKE}, []), reports)
    assert merged.picks == []
    assert rows == [("ambiguous_event", "b"), ("ambiguous_event", "c")]


def test_bulletins_alone_are_the_catalogue(tmp_path: Path) -> None:
    other = replace(QUAKE, event_id="b", origin_ns=ORIGIN_NS + 60 * S)
    broken = bulletin(other).replace("GEML  ", "GEML ?", 1)
    merged, rows = read(tmp_path, None, bulletin(QUAKE), broken, bulletin(QUAKE))
    assert merged.events == {"a": QUAKE, "b": other}
    assert merged.picks[0].event_id == "a"
    assert ("repeated_event", "a") in rows
    assert [reason for reason, _ in rows].count("bulletin_line") == 1
    assert any("bulletin_line" in reason and "line " in detail for reason, detail in rows)


def test_explosions_of_bulletins_are_left_out_and_counted(tmp_path: Path) -> None:
    blast = bulletin(QUAKE).replace("m i ke", "m i sm")
    other = replace(QUAKE, event_id="b", origin_ns=ORIGIN_NS + 60 * S)
    merged, rows = read(tmp_path, None, blast, bulletin(other))
    assert (set(merged.events), merged.left_out, rows) == ({"b"}, {"explosion": 1}, [])
    kept, _ = read_events(find_parts(tmp_path), CatalogueSettings(keep_explosions=True))
    assert set(kept.events) == {"a", "b"}


def as_blast(text: str) -> str:
    return text.replace("m i ke", "m i sm")


def blasts_of(*events: Event) -> bytes:
    content = quakeml_bytes(Catalogue({event.event_id: event for event in events}, []))
    return content.replace(b"<type>earthquake</type>", b"<type>quarry blast</type>", 1)


@pytest.mark.parametrize("name", ["a", "b"])
def test_an_explosion_of_a_bulletin_leaves_the_catalogue(name: str, tmp_path: Path) -> None:
    other = replace(QUAKE, event_id="c", origin_ns=ORIGIN_NS + 999 * S)
    listed = Catalogue({"a": QUAKE, "c": other}, [pick("a", "S")])
    merged, rows = read(tmp_path, listed, as_blast(bulletin(replace(QUAKE, event_id=name))))
    assert (merged.events, merged.picks, merged.left_out, rows) == ({"c": other}, [], {"explosion": 1}, [])


@pytest.mark.parametrize("report", [as_blast(bulletin(QUAKE)), bulletin(QUAKE)])
def test_an_explosion_of_the_catalogue_is_counted_once(report: str, tmp_path: Path) -> None:
    other = replace(QUAKE, event_id="c", origin_ns=ORIGIN_NS + 999 * S)
    merged, rows = read(tmp_path, blasts_of(QUAKE, other), report)
    assert (list(merged.events), merged.picks, merged.left_out, rows) == (["c"], [], {"explosion": 1}, [])


def test_an_explosion_that_the_catalogue_lacks_is_counted_and_one_of_two_is_listed(tmp_path: Path) -> None:
    twins = {"a": QUAKE, "c": replace(QUAKE, event_id="c", origin_ns=ORIGIN_NS + 2 * S)}
    alone = replace(QUAKE, event_id="d", origin_ns=ORIGIN_NS + 999 * S)
    reports = as_blast(bulletin(alone, replace(QUAKE, event_id="b")))
    merged, rows = read(tmp_path, Catalogue(twins, []), reports)
    assert (set(merged.events), merged.left_out) == ({"a", "c"}, {"explosion": 1})
    assert rows == [("ambiguous_event", "b")]


@pytest.mark.parametrize("changes", [{"origin_ns": ORIGIN_NS + 61 * S}, {"latitude_deg": 41.5}])
def test_one_identifier_of_two_events_does_not_join(changes: dict[str, float], tmp_path: Path) -> None:
    other = replace(QUAKE, **changes)  # type: ignore[arg-type]
    merged, rows = read(tmp_path, Catalogue({"a": QUAKE}, []), bulletin(other))
    assert merged.picks == []
    assert rows == [("not_in_catalogue", "a")]


def test_lists_that_count_alike_are_joined_by_time_and_place(tmp_path: Path) -> None:
    later = replace(QUAKE, origin_ns=ORIGIN_NS + 999 * S)
    ours = {"a": QUAKE, "b": replace(later, event_id="b")}
    merged, rows = read(tmp_path, Catalogue(ours, []), bulletin(later, replace(QUAKE, event_id="b")))
    assert {(one.event_id, one.time_ns) for one in merged.picks} == {
        ("a", ORIGIN_NS + 4 * S),
        ("b", ORIGIN_NS + 1003 * S),
    }
    assert rows == []


def test_picks_that_no_wave_of_the_event_can_make_are_listed(tmp_path: Path) -> None:
    offsets = {"P": -5.1, "Pg": -4.9, "S": 3600.1, "Sg": 3599.9, "T": 7200.0}
    picks = [pick("a", phase, offset_s) for phase, offset_s in offsets.items()]
    merged, rows = read(tmp_path, Catalogue({"a": QUAKE}, picks))
    assert [one.phase for one in merged.picks] == ["Pg", "Sg", "T"]
    assert rows == [("impossible_pick", "a"), ("impossible_pick", "a")]


def test_a_pick_without_a_network_replaces_none_where_two_networks_have_the_station() -> None:
    ours = [pick("a", "Pg")]
    own, other = (replace(pick("a", "P"), network=network) for network in ("KO", "TU"))
    assert merge_picks(ours, [own]) == ours
    assert merge_picks(ours, [own, other]) == [*ours, own, other]
    assert merge_picks([replace(ours[0], network="KO")], [own, other]) == [
        replace(ours[0], network="KO"),
        other,
    ]


@pytest.mark.parametrize("order", [None, ["Mw"], ["ml", "mw"], "xM"])
def test_a_bulletin_has_the_same_magnitudes_as_a_catalogue(
    order: list[str] | str | None, tmp_path: Path
) -> None:
    settings = CatalogueSettings(magnitude_order=order)
    read(tmp_path, None, bulletin(QUAKE).replace("ML 5.1", "Mww5.1"))
    as_bulletin, _ = read_events(find_parts(tmp_path), settings)
    assert as_bulletin.events == read_catalogue(tmp_path / "bulletins" / "0.txt", settings).events
    assert as_bulletin.events["a"].magnitude == 5.1


def test_a_bulletin_fills_in_the_time_of_a_catalogue_of_dates(tmp_path: Path) -> None:
    dated = b"id,tarih,enlemn,boylame,derinlikkm,ml,yer\na,2023-12-04,40.4&deg; N,28.9&deg; E,9,4.9,GEMLIK\n"
    merged, rows = read(tmp_path, dated, bulletin(QUAKE))
    event = replace(QUAKE, latitude_deg=40.4, depth_km=9.0, magnitude=4.9)
    assert (merged.events, len(merged.picks), rows) == ({"a": event}, 1, [])


def test_where_all_are_explosions_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no event to curate; left out: 1 explosion"):
        read(tmp_path, Catalogue({"a": QUAKE}, []), as_blast(bulletin(QUAKE)))


def test_a_bulletin_moves_onsets_and_problems_are_counted(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", n_events=3, n_stations=1)
    parts = find_parts(archive)
    catalogue, _ = read_events(parts, DEFAULT)
    event = next(iter(catalogue.events.values()))
    onset = catalogue.picks[0]
    arrival = BulletinArrival("ST00", 0.1, 90.0, "Pg", onset.time_ns + 2 * S, 0.0)
    text = bulletin_text([BulletinEvent(event, "GEMLIK", (arrival,))], "TEST_1")
    (tmp_path / "moved.txt").write_text(text.replace("STOP", "nonsense\nSTOP"))
    settings = CurationSettings(
        window=WindowSettings(length_s=20.0), select=SelectionSettings(min_snr=0.0, max_gap=0.5)
    )
    summary = curate(Places(archive, bulletins=tmp_path / "moved.txt"), tmp_path / "dataset", settings)
    assert (summary.accepted, summary.apart) == (3, {"bulletin_line": 1})
    from seismic_lightning.curation.store import open_dataset

    p_times = open_dataset(tmp_path / "dataset").metadata.set_index("source_id")["trace_start_time"]
    assert abs(p_times[event.event_id].value + 10 * S - onset.time_ns - 2 * S) < 0.06 * S
