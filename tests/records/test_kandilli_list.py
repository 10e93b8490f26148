"""Kandilli's list of latest earthquakes: local time, no identifiers, commas anywhere."""

import os
from pathlib import Path

import pytest
from support.catalogue_texts import (
    EARTHQUAKES,
    GEMLIK,
    LIST_HEADER,
    NEW_DAY,
    UNMEASURED,
    code_csv,
    list_csv,
    list_page,
    list_rows,
)

from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.catalogue import Catalogue, read_catalogue
from seismic_lightning.records.catalogue_settings import CatalogueSettings

REAL = Path(os.environ.get("SEISMIC_REAL_DATA", "absent")) / "kandilli_catalogues"
on_real_files = pytest.mark.skipif(
    not REAL.is_dir(), reason="SEISMIC_REAL_DATA is not set: no real catalogues to read"
)


def read_back(folder: Path, content: bytes | str) -> Catalogue:
    path = folder / "list.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("cp1254"))
    return read_catalogue(path)


def test_the_observatorys_own_line_is_read(tmp_path: Path) -> None:
    line = (
        "2024.01.03 20:33:35  40.4418   28.8985        8.0      -.-  1.4  -.-   "
        "GEMLIK KORFEZI (MARMARA DENIZI)                   İlksel"
    )
    catalogue = read_back(tmp_path, line)
    assert list(catalogue.events.values()) == [GEMLIK.event("ML")]


def test_only_the_preformatted_part_of_a_page_counts(tmp_path: Path) -> None:
    page = list_page(EARTHQUAKES).replace(b"</pre>", b"KOERI-RETMC\r\n</pre>")
    catalogue = read_back(tmp_path, page)
    assert (len(catalogue.events), catalogue.left_out) == (3, {"note_line": 1})


def test_a_line_of_a_page_is_counted_as_in_the_file(tmp_path: Path) -> None:
    page = list_page(EARTHQUAKES).decode("cp1254")
    wrong = page.replace("39.1000", "north")
    line = next(number for number, text in enumerate(wrong.split("\r\n"), start=1) if "north" in text)
    with pytest.raises(ArchiveError, match=rf"list\.txt, line {line}: latitude is 'north'"):
        read_back(tmp_path, wrong)


def test_two_events_of_one_second_are_told_apart_and_a_repeated_row_is_counted(tmp_path: Path) -> None:
    elsewhere = GEMLIK._replace(latitude_deg=36.5)
    catalogue = read_back(tmp_path, list_csv([GEMLIK, NEW_DAY, elsewhere, GEMLIK]))
    assert list(catalogue.events) == [GEMLIK.event_id, NEW_DAY.event_id, f"{GEMLIK.event_id}b"]
    assert catalogue.left_out == {"repeated_row": 1}


@pytest.mark.parametrize("place", ["", "MARMARA DENIZI", 'A, B, "C", D;E', "REVIZE01 (2023.06.24 20:37:45)"])
def test_a_place_may_hold_any_text(tmp_path: Path, place: str) -> None:
    row = list_rows([GEMLIK._replace(place=place)], ",")[0]
    assert list(read_back(tmp_path, row).events.values()) == [GEMLIK.event("ML")]


@pytest.mark.parametrize(
    ("row", "culprit"),
    [
        ("2016.09.06 20:33:35  40.4418  28.8985  8.0  -.-  1.4  -.-  A", "2016.09.06 20:33:35 is Turkish"),
        ("2024.01.03 20:33:35  40.4418  28.8985  8.0  -.-  1.4  -.-", "is no row of the list"),
        ("2024.01.03 25:33:35  40.4418  28.8985  8.0  -.-  1.4  -.-  A", "time is '2024.01.03 25:33:35'"),
        ("2024.01.03 20:33:35  40.4418  28.8985  8.0  -.-  ---  -.-  A  İlksel", "ML is '---'"),
        ("2024.01.03 20:33", "is no row of the list"),
        ("12 earthquakes", "is no row of the list"),
    ],
)  # fmt: skip
def test_an_unreadable_row_is_refused_with_its_line(tmp_path: Path, row: str, culprit: str) -> None:
    with pytest.raises(ArchiveError) as refusal:
        read_back(tmp_path, "\n".join([LIST_HEADER, *list_rows([NEW_DAY, UNMEASURED]), row]))
    assert "list.txt, line 4: " in str(refusal.value)
    assert culprit in str(refusal.value)


def test_columns_in_another_order_are_refused(tmp_path: Path) -> None:
    content = list_csv(EARTHQUAKES).replace(b"MD,ML,Mw", b"ML,MD,Mw")
    with pytest.raises(ArchiveError, match=r"line 1: columns are 'Tarih,Saat.*in the order of the list"):
        read_back(tmp_path, content)


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [("20.5957&deg; S", "178.4221&deg; W", (-20.5957, -178.4221)), ("7.31° S", "129.70", (-7.31, 129.7)),
     ("64.6357 N", "-17.6", (64.6357, -17.6))],
)  # fmt: skip
def test_hemispheres_of_the_code_table_become_signs(
    tmp_path: Path, latitude: str, longitude: str, expected: tuple[float, float]
) -> None:
    content = code_csv([GEMLIK]).decode().replace("40.4418", latitude).replace("28.8985", longitude)
    (event,) = read_back(tmp_path, content.encode()).events.values()
    assert (event.latitude_deg, event.longitude_deg) == expected


@pytest.mark.parametrize("latitude", ["-20.5&deg; S", "20.5&deg; W", "20.5&deg; X", "&deg; S"])
def test_a_coordinate_with_two_signs_or_of_another_hemisphere_is_refused(
    tmp_path: Path, latitude: str
) -> None:
    with pytest.raises(ArchiveError, match=r"list\.txt, line 2: enlemn is '"):
        read_back(tmp_path, code_csv([GEMLIK]).replace(b"40.4418", latitude.encode()))


def test_a_code_table_wants_dates(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"line 3: time is '2024-31-07"):
        read_back(tmp_path, code_csv(EARTHQUAKES).replace(b"2024-07-31", b"2024-31-07"))


@on_real_files
def test_the_real_list_has_five_hundred_events_in_utc() -> None:
    catalogue = read_catalogue(REAL / "kandilli_lastquakes_20230625_cp1254.csv")
    assert (len(catalogue.events), catalogue.left_out) == (500, {})
    first = next(iter(catalogue.events.values()))
    assert (first.event_id, first.magnitude, first.magnitude_type) == ("20230624235443", 1.4, "ML")
    moments = read_catalogue(
        REAL / "kandilli_lastquakes_20230625_cp1254.csv", CatalogueSettings(magnitude_order=["Mw"])
    )
    assert 0 < sum(event.magnitude is not None for event in moments.events.values()) < 50


@on_real_files
def test_the_real_code_table_has_all_its_events_on_both_hemispheres() -> None:
    catalogue = read_catalogue(REAL / "koeri_zeqdb_2023.csv")
    events = catalogue.events.values()
    assert (len(events), catalogue.left_out) == (1321, {})
    assert {(event.origin_ns, event.magnitude_type) for event in events} == {(None, "ML")}
    assert sum((event.latitude_deg or 0.0) < 0.0 for event in events) == 33
    assert sum((event.longitude_deg or 0.0) < 0.0 for event in events) == 38
