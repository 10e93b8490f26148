"""A catalogue in CSV is read by the columns that the user declares, and by no others."""

from pathlib import Path

import pytest
from support.catalogue_texts import DECLARED, EARTHQUAKES, GEMLIK, declared_csv

from seismic_lightning.errors import ArchiveError, ConfigurationError
from seismic_lightning.records.catalogue import Event, read_catalogue
from seismic_lightning.records.catalogue_settings import CatalogueSettings, choose_magnitude

OWN = "source_id,source_origin_time,source_magnitude,source_magnitude_type,source_magnitude_Mw"


def read_back(folder: Path, content: bytes | str, settings: CatalogueSettings) -> list[Event]:
    path = folder / "events.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_catalogue(path, settings).events.values())


def test_text_of_a_web_service_is_read_by_its_columns(tmp_path: Path) -> None:
    content = (
        "#EventID | Time | Latitude | Longitude | Depth/km | Author | MagType | Magnitude\n"
        '20240103173335|2024-01-03T17:33:35|40.4418|28.8985|8.0|a "b|ML|1.4\n'
    )
    columns = {
        "source_id": "EventID", "source_origin_time": "Time", "source_latitude_deg": "Latitude",
        "source_longitude_deg": "Longitude", "source_depth_km": "Depth/km", "source_magnitude": "Magnitude",
        "source_magnitude_type": "MagType",
    }  # fmt: skip
    assert read_back(tmp_path, content, CatalogueSettings(columns=columns)) == [GEMLIK.event("ML")]


@pytest.mark.parametrize(
    ("order", "expected"),
    [(None, ("MD", 0.0)), ("xM", ("Mw", 1.4)), (["Mw"], ("Mw", 1.4)), ("ML", (None, None))],
)
def test_the_preferred_magnitude_gives_way_to_an_order_and_zero_is_a_magnitude(
    tmp_path: Path, order: object, expected: tuple[str | None, float | None]
) -> None:
    content = f"{OWN}\nx1,2024-01-03 17:33:35Z,0.0,MD,1.4\n"
    (event,) = read_back(tmp_path, content, CatalogueSettings(magnitude_order=order))
    assert (event.magnitude_type, event.magnitude) == expected
    assert event.latitude_deg is None


def test_an_order_of_types_needs_types(tmp_path: Path) -> None:
    content = "source_id,source_magnitude\n1,2.0\n"
    (event,) = read_back(tmp_path, content, CatalogueSettings(magnitude_order="xM"))
    assert (event.magnitude, event.magnitude_type) == (2.0, None)
    with pytest.raises(
        ArchiveError, match=r"magnitude_order=\['ML'\] needs types; declare source_magnitude_type"
    ):
        read_back(tmp_path, content, CatalogueSettings(magnitude_order="ML"))


def test_a_declared_column_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    columns = {**DECLARED, "source_depth_km": "profondeur"}
    with pytest.raises(ArchiveError, match="no column profondeur; its columns are when, depth, ID, lat"):
        read_back(tmp_path, declared_csv(EARTHQUAKES), CatalogueSettings(columns=columns))
    with pytest.raises(ArchiveError, match=r"catalogue_format\.columns does not say source_id"):
        read_back(
            tmp_path, declared_csv(EARTHQUAKES), CatalogueSettings(columns={"source_depth_km": "depth"})
        )


@pytest.mark.parametrize(
    ("wrong", "right", "culprit"),
    [
        ("40.4418", "forty", "line 2: source_latitude_deg is 'forty'"),
        ("2024-08-01T03:00:05", "yesterday", r"line 4: time is 'yesterday\+03:00'"),
        ("20240731230200", "", "line 3: source_id is empty"),
        ("20240731230200", GEMLIK.event_id, f"line 3: event id '{GEMLIK.event_id}' is that of line 2"),
        ("20240731230200", "2.02407E+13", "line 3: event id '2.02407E.13' is a rounded number"),
        ('"ÇINARCIK, YALOVA"', '"ÇINARCIK', "line 3: .* cannot be split into cells"),
        (";earthquake;", ";earthquake;;", "line 2: 10 cells under 9 columns"),
    ],
)
def test_an_unreadable_row_is_refused_with_its_line(
    tmp_path: Path, wrong: str, right: str, culprit: str
) -> None:
    content = declared_csv(EARTHQUAKES).decode().replace(wrong, right)
    with pytest.raises(ArchiveError, match=rf"events\.csv, {culprit}"):
        read_back(tmp_path, content, CatalogueSettings(columns=DECLARED))


@pytest.mark.parametrize(
    ("choice", "culprit"),
    [
        ({"magnitude_order": []}, r"catalogue_format\.magnitude_order=\[\]: give types"),
        ({"magnitude_order": 3}, r"catalogue_format\.magnitude_order=3: give types"),
        ({"magnitude_order": ["ML", "ML"]}, "has ML twice"),
        ({"magnitude_order": ["ML", "xM"]}, "has 'xM': give types"),
        ({"magnitude_order": ["M L"]}, "has 'M L': give types"),
        ({"columns": {"id": "ID"}}, r"catalogue_format\.columns has 'id': give any of source_id"),
        ({"columns": {"source_magnitude_": "m"}}, "has 'source_magnitude_': give any of"),
        (
            {"columns": {"source_id": " "}},
            r"catalogue_format\.columns\.source_id=' ': give the column's name",
        ),
        ({"columns": {"source_id": "a", "source_type": "a"}}, "names 'a' twice"),
    ],
)
def test_settings_that_mean_nothing_are_refused(choice: dict[str, object], culprit: str) -> None:
    with pytest.raises(ConfigurationError, match=culprit):
        CatalogueSettings(**choice)  # type: ignore[arg-type]


def test_an_order_stands_for_kinds_of_moment_magnitude_and_for_either_case() -> None:
    known = [("mb", 4.0), ("Mww", 4.2), ("Mw", 4.1)]
    assert choose_magnitude(known, ["Mw"]) == ("Mw", 4.1)
    assert choose_magnitude(known[:2], ["ML", "Mw", "Mb"]) == ("Mww", 4.2)
    assert choose_magnitude(known, ["Mb"]) == ("mb", 4.0)
    assert choose_magnitude([], "xM") is None
