"""One contract for all catalogue formats: the same earthquakes become the same events."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from obspy import UTCDateTime
from obspy.core.event import Catalog, Event, Pick, ResourceIdentifier, WaveformStreamID
from support.catalogue_texts import BLAST, EARTHQUAKES, FORMATS, Written, bulletin

from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.catalogue import Catalogue, read_catalogue
from seismic_lightning.records.catalogue_settings import CatalogueSettings

REAL = Path(os.environ.get("SEISMIC_REAL_DATA", "absent"))
every_format = pytest.mark.parametrize("written", FORMATS.values(), ids=FORMATS.keys())


def read_back(
    folder: Path, content: bytes, columns: dict[str, str] | None = None, **choice: object
) -> Catalogue:
    path = folder / "catalogue"  # the name tells nothing
    path.write_bytes(content)
    return read_catalogue(path, CatalogueSettings(columns=columns or {}, **choice))  # type: ignore[arg-type]


@every_format
@pytest.mark.parametrize(
    ("order", "chosen"),
    [
        (None, ["ML", "ML", None]),
        ("xM", ["ML", "MD", None]),
        (["MD"], [None, "MD", None]),
        (["md", "ML"], ["ML", "MD", None]),
    ],
    ids=str,
)
def test_the_same_earthquakes_become_the_same_events(
    tmp_path: Path, written: Written, order: object, chosen: list[str | None]
) -> None:
    catalogue = read_back(tmp_path, written.write(EARTHQUAKES), written.columns, magnitude_order=order)
    expected = [quake.event(kind) for quake, kind in zip(EARTHQUAKES, chosen, strict=True)]
    if not written.says_time:
        expected = [replace(event, origin_ns=None) for event in expected]
    assert list(catalogue.events.values()) == expected
    assert list(catalogue.events) == [event.event_id for event in expected]
    assert (catalogue.picks, catalogue.left_out) == ([], {})


@pytest.mark.parametrize("name", [name for name, written in FORMATS.items() if written.says_kind])
def test_suspected_explosions_are_left_out_and_counted(tmp_path: Path, name: str) -> None:
    written = FORMATS[name]
    content = written.write([*EARTHQUAKES, BLAST])
    left = read_back(tmp_path, content, written.columns)
    assert BLAST.event_id not in left.events
    assert (len(left.events), left.left_out) == (3, {"explosion": 1})
    kept = read_back(tmp_path, content, written.columns, keep_explosions=True)
    assert kept.events[BLAST.event_id] == BLAST.event("ML")
    assert kept.left_out == {}


@every_format
def test_no_events_are_no_error_but_for_lists_and_bulletins(tmp_path: Path, written: Written) -> None:
    content = written.write([])
    if written in (FORMATS["list_page"], FORMATS["list_csv"], FORMATS["bulletin"]):
        with pytest.raises(ArchiveError, match="no catalogue that can be read"):
            read_back(tmp_path, content)
    else:
        assert read_back(tmp_path, content, written.columns).events == {}


@every_format
def test_damaged_bytes_never_raise_anything_but_the_archive_error(tmp_path: Path, written: Written) -> None:
    content = written.write([*EARTHQUAKES, BLAST])
    refused = 0
    for position in range(0, len(content), max(len(content) // 40, 1)):
        for damaged in (content[:position], content[:position] + b"\x00\xff;" + content[position + 3 :]):
            try:
                read_back(tmp_path, damaged, written.columns)
            except ArchiveError:
                refused += 1
    assert refused > 0


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "is empty"),
        (b"hello, world", "begins with 'hello, world'"),
        (b"\x00\x01\x02" * 9, "begins with"),
        (b'<?xml version="1.0"?><FDSNStationXML/>', "begins with '<"),
        (b"date,name\n2024,x", "begins with 'date"),
        (b"\n" * 200_000 + b"x", "begins with 'x'"),
        (b"<pre>" + b"<" * 200_000, "begins with '<pre><<<"),
    ],
)
def test_an_unknown_format_is_refused_with_all_that_are_known(
    tmp_path: Path, content: bytes, found: str
) -> None:
    with pytest.raises(ArchiveError, match=found) as refusal:
        read_back(tmp_path, content)
    message = str(refusal.value)
    for accepted in (
        "QuakeML",
        "Deprem Kodu",
        "tarih",
        "catalogue_format.columns",
        "GSE2.0",
        "latest earthquakes",
    ):
        assert accepted in message
    assert "\n" not in message


def test_a_missing_file_and_columns_of_xml_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="absent cannot be read"):
        read_catalogue(tmp_path / "absent")
    with pytest.raises(ArchiveError, match=r"is XML, but catalogue_format\.columns"):
        read_back(tmp_path, FORMATS["quakeml"].write(EARTHQUAKES), {"source_id": "id"})


def test_the_picks_of_an_explosion_go_with_it(tmp_path: Path) -> None:
    arrivals = [
        "Sta    Dist   EvAz     Phase       Date      Time     TRes",
        "GEML    0.28  78.0 m   Pg      2024/08/02 09:00:06.0   0.0",
        "",
    ]
    (tmp_path / "gse").mkdir()
    written = bulletin([BLAST]).decode("cp1254") + "\n".join(arrivals)
    event = Event(resource_id=ResourceIdentifier(f"smi:local/{BLAST.event_id}"), event_type="explosion")
    event.picks = [Pick(time=UTCDateTime(0), waveform_id=WaveformStreamID("KO", "GEML"), phase_hint="Pg")]
    Catalog([event]).write(str(tmp_path / "made.xml"), format="QUAKEML")
    for folder, content in (
        (tmp_path / "gse", written.encode("cp1254")),
        (tmp_path, (tmp_path / "made.xml").read_bytes()),
    ):
        left = read_back(folder, content)
        assert (left.events, left.picks, left.left_out) == ({}, [], {"explosion": 1})
        kept = read_back(folder, content, keep_explosions=True)
        assert [(pick.event_id, pick.station, pick.phase) for pick in kept.picks] == [
            (BLAST.event_id, "GEML", "Pg")
        ]


@pytest.mark.skipif(not REAL.is_dir(), reason="SEISMIC_REAL_DATA is not set: no real catalogues to read")
def test_real_quakeml_and_a_real_bulletin_are_told_apart() -> None:
    quakeml = read_catalogue(REAL / "records" / "catalogue.xml")
    assert (len(quakeml.events), quakeml.left_out) == (196, {})
    day = read_catalogue(
        REAL / "gemlik_2023" / "bulletin_20231204.txt", CatalogueSettings(magnitude_order="ML")
    )
    assert (len(day.events), len(day.picks), day.left_out) == (111, 1904, {})
    assert {event.magnitude_type for event in day.events.values()} == {"ML"}
    assert max(event.magnitude or 0.0 for event in day.events.values()) == 5.1
