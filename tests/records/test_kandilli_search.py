"""Kandilli's event search: what spreadsheets, cut connections and rounding make of its table."""

from pathlib import Path

import pytest
from support.catalogue_texts import (
    BLAST,
    EARTHQUAKES,
    GEMLIK,
    NEW_DAY,
    SEARCH_HEADER,
    UNMEASURED,
    search_page,
    search_rows,
    search_text,
)

from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.catalogue import Catalogue, read_catalogue
from seismic_lightning.records.catalogue_settings import CatalogueSettings
from seismic_lightning.records.kandilli import NamedEvent, kandilli_bytes


def read_back(folder: Path, content: bytes | str, order: object = None) -> Catalogue:
    path = folder / "search.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("cp1254"))
    return read_catalogue(path, CatalogueSettings(magnitude_order=order))


def table(*rows: str, header: str = SEARCH_HEADER) -> str:
    return "\n".join([header, *rows])


def one_row(**changes: str) -> str:
    cells = dict(zip(SEARCH_HEADER.split("\t"), search_rows([GEMLIK])[0].split("\t"), strict=True))
    return "\t".join((cells | {name.replace("_", " "): value for name, value in changes.items()}).values())


def test_what_our_writer_writes_comes_back(tmp_path: Path) -> None:
    events = [quake.event("ML") for quake in (GEMLIK, NEW_DAY)]
    catalogue = read_back(tmp_path, kandilli_bytes([NamedEvent(event, "MARMARA") for event in events]))
    assert list(catalogue.events.values()) == events


@pytest.mark.parametrize(
    ("clock", "seconds"),
    [("17:33:35.00", 0.0), ("17:32:95.00", 0.0), ("17:33:60.25", 25.25), ("17:33:59.999", 24.999)],
)
def test_seconds_of_sixty_and_more_run_on(tmp_path: Path, clock: str, seconds: float) -> None:
    event = read_back(tmp_path, table(one_row(Olus_zamani=clock))).events[GEMLIK.event_id]
    expected = GEMLIK.event(None).origin_ns
    assert event.origin_ns is not None
    assert expected is not None
    assert event.origin_ns - expected == round(seconds * 1e9)


def test_the_largest_magnitude_of_a_row_without_types_is_that_of_its_column(tmp_path: Path) -> None:
    content = table(one_row(xM="2.1", ML="0.0"))
    largest = read_back(tmp_path, content, "xM").events[GEMLIK.event_id]
    assert (largest.magnitude, largest.magnitude_type) == (2.1, "xM")
    local = read_back(tmp_path, content).events[GEMLIK.event_id]
    assert (local.magnitude, local.magnitude_type) == (None, None)


def test_a_negative_magnitude_is_one(tmp_path: Path) -> None:
    assert read_back(tmp_path, table(one_row(ML="-0.3"))).events[GEMLIK.event_id].magnitude == -0.3


@pytest.mark.parametrize("event_id", ["2.02101E+13", "2,02101E+13", "20210100000000", "20240103173335.0"])
def test_ids_from_a_spreadsheet_are_refused_by_name(tmp_path: Path, event_id: str) -> None:
    content = table(*search_rows(EARTHQUAKES), one_row(Deprem_Kodu=event_id)).replace("\t", ";")
    with pytest.raises(ArchiveError, match=r"search\.txt, line 5: event id '") as refusal:
        read_back(tmp_path, content)
    assert event_id in str(refusal.value)
    assert "keep that column as text" in str(refusal.value)


def test_ids_that_are_all_the_same_are_refused_as_rounded(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"line 3: all 3 rows have the event id '202401'.*export"):
        read_back(tmp_path, table(*[one_row(Deprem_Kodu="202401")] * 3))


def test_a_midnight_event_is_not_taken_for_a_rounded_one(tmp_path: Path) -> None:
    assert list(read_back(tmp_path, table(one_row(Deprem_Kodu="20240103000000"))).events) == [
        "20240103000000"
    ]


def test_an_id_given_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    rows = [*search_rows(EARTHQUAKES), one_row()]
    with pytest.raises(ArchiveError, match=f"line 5: event id '{GEMLIK.event_id}' is that of line 2"):
        read_back(tmp_path, table(*rows))


@pytest.mark.parametrize(
    ("changes", "culprit"),
    [
        ({"Enlem": "40,4418"}, "enlem is '40,4418'"),
        ({"Enlem": "140.4"}, "latitude is 140.4"),
        ({"Boylam": "nan"}, "boylam is 'nan'"),
        ({"Boylam": ""}, "boylam is empty"),
        ({"Der(km)": "deep"}, "der is 'deep'"),
        ({"ML": "1.4ML"}, "ml is '1.4ML'"),
        ({"Olus_tarihi": "2024.13.01"}, "time is '2024.13.01 17:33:35.00': month"),
        ({"Olus_tarihi": "03.01.2024"}, "time is '03.01.2024"),
        ({"Olus_zamani": "17:61:00.00"}, "time is '2024.01.03 17:61"),
        ({"Deprem_Kodu": "../x"}, "event id '../x' cannot be part of a file's name"),
        ({"Yer": "A\tB"}, "16 cells under 15 columns"),
    ],
    ids=str,
)
def test_an_unreadable_row_is_refused_with_its_line(
    tmp_path: Path, changes: dict[str, str], culprit: str
) -> None:
    with pytest.raises(ArchiveError) as refusal:
        read_back(tmp_path, table(*search_rows([NEW_DAY, UNMEASURED]), one_row(**changes)))
    assert f"search.txt, line 4: {culprit}" in str(refusal.value)


def test_a_missing_column_is_refused(tmp_path: Path) -> None:
    header, row = SEARCH_HEADER.split("\t"), one_row().split("\t")
    kind = header.index("Tip")
    del header[kind], row[kind]
    with pytest.raises(ArchiveError, match="line 1: no column tip"):
        read_back(tmp_path, table("\t".join(row), header="\t".join(header)))


def test_kinds_that_are_not_known_and_lines_that_are_no_rows_are_counted(tmp_path: Path) -> None:
    rows = [
        one_row(),
        one_row(Deprem_Kodu="2", Tip="uk"),
        one_row(Deprem_Kodu="3", Tip="Kh"),
        "Kaynak: KRDAE",
    ]
    catalogue = read_back(tmp_path, table(*rows))
    assert list(catalogue.events) == [GEMLIK.event_id]
    assert catalogue.left_out == {"unknown_kind": 1, "explosion": 1, "note_line": 1}


def test_a_row_cut_short_is_refused_and_not_taken_for_a_note(tmp_path: Path) -> None:
    for length in (3, 30, 60):
        with pytest.raises(ArchiveError, match=r"line 5: .* cells under 15 columns"):
            read_back(tmp_path, table(*search_rows(EARTHQUAKES), one_row()[:length]))


@pytest.mark.parametrize(
    "total", ["Toplam: 4 deprem", "4 adet deprem", "4 kay\u0131t bulundu", "4 events found"]
)
def test_a_page_with_fewer_rows_than_it_states_is_refused(tmp_path: Path, total: str) -> None:
    whole = search_page([*EARTHQUAKES, BLAST]).decode("cp1254").replace("Toplam: 4 deprem", total)
    assert len(read_back(tmp_path, whole).events) == 3
    cut = "\n".join(whole.split("\n")[:-1])
    with pytest.raises(ArchiveError, match=r"line 1: .*4.* but the table has 3 rows; fetch it again"):
        read_back(tmp_path, cut)


def test_rows_of_one_line_of_a_page_are_told_apart(tmp_path: Path) -> None:
    page = search_page(EARTHQUAKES).replace(b"\n", b"")
    assert list(read_back(tmp_path, page).events) == [quake.event_id for quake in EARTHQUAKES]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1254", "iso-8859-9"])
def test_the_encoding_does_not_matter(tmp_path: Path, encoding: str) -> None:
    content = search_text(EARTHQUAKES).decode("cp1254").replace("Olus tarihi", "Oluş tarihi")
    assert len(read_back(tmp_path, content.encode(encoding)).events) == 3
