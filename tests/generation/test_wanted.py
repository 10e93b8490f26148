"""Every value of a request is checked where it stands."""

from pathlib import Path

import pytest

from seismic_lightning.errors import ConfigurationError
from seismic_lightning.generation.wanted import parse, read_scenarios

HEADER = "magnitude,latitude_deg,longitude_deg,depth_km,station"
ROW = "3.5,40.75,28.9,10,ISK"


def scenarios(folder: Path, *lines: str) -> Path:
    path = folder / "scenarios.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_rows_take_what_they_leave_out_from_the_command(tmp_path: Path) -> None:
    path = scenarios(tmp_path, f"\ufeff{HEADER},n_records,origin_time", f"{ROW},5,", "", f"{ROW},,2020-01-01")
    first, second = read_scenarios(path, {"n_records": 2, "seed": 7, "origin_time": "2010-01-01T00:00:00Z"})
    assert (first.n_records, second.n_records) == (5, 2)
    assert first.seed == second.seed == 7
    assert first.origin_ns == 1_262_304_000 * 10**9
    assert second.origin_ns == 1_577_836_800 * 10**9
    assert (first.magnitude, first.station) == (3.5, "ISK")


def test_a_spreadsheet_may_separate_by_semicolons_and_write_decimal_commas(tmp_path: Path) -> None:
    path = scenarios(tmp_path, HEADER.replace(",", ";"), "3,5;40,75;28.9;10;ISK")
    (found,) = read_scenarios(path, {"n_records": 1, "seed": 0, "origin_time": "2010-01-01"})
    assert (found.magnitude, found.latitude_deg, found.longitude_deg) == (3.5, 40.75, 28.9)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "scenarios.csv: is empty; expected the columns magnitude"),
        ([HEADER], "scenarios.csv: has no row"),
        ([HEADER.replace("depth_km", "depth"), ROW], "lacks column depth_km"),
        ([HEADER + ",colour", ROW + ",red"], "has the unknown column colour"),
        ([HEADER + ",station", ROW + ",ISK"], "has twice column station"),
        ([HEADER, ROW + ",1"], "line 2: has 6 fields, the first line 5"),
        ([HEADER, ROW, ROW.replace("3.5", "big")], "line 3: magnitude=big: give a number from -3 to 10"),
        ([HEADER, ROW.replace("3.5", "nan")], "line 2: magnitude=nan"),
        ([HEADER, ROW.replace("3.5", "")], "line 2: magnitude is empty"),
        ([HEADER, ROW.replace(",10,", ",-1,")], "line 2: depth_km=-1: give a number from 0 to 700"),
        ([HEADER + ",n_records", ROW + ",0"], "line 2: n_records=0: give a whole number of 1 or more"),
    ],
)
def test_files_that_cannot_be_scenarios_are_refused(lines: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_scenarios(scenarios(tmp_path, *lines), {})


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scenarios.csv"
    for make in (lambda: None, lambda: path.write_bytes(b"\xff\xfe\x00\x81")):
        make()
        with pytest.raises(ConfigurationError, match=r"scenarios\.csv: cannot be read as text"):
            read_scenarios(path, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("magnitude", "three"),
        ("magnitude", float("nan")),
        ("magnitude", float("inf")),
        ("latitude_deg", 90.1),
        ("longitude_deg", -181),
        ("depth_km", -0.1),
        ("n_records", 0),
        ("n_records", 2.5),
        ("seed", -1),
        ("origin_time", "yesterday"),
        ("origin_time", "2024-02-30"),
        ("origin_time", "1509-09-10"),
        ("origin_time", "2262-01-01"),
        ("origin_time", "10:30"),
        ("origin_time", "now"),
        ("origin_time", "today"),
        ("origin_time", "2024"),
        ("origin_time", "12"),
        ("origin_time", "05/06/2024"),
        ("origin_time", "2024-01-01T25:00"),
        ("family", "HHZ"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"^here: {name}={value}: give "):
        parse({name: value}, "here: ")


@pytest.mark.parametrize(
    ("text", "origin_ns"),
    [
        ("2020-01-01", 1_577_836_800 * 10**9),
        ("2020-01-01 00:00", 1_577_836_800 * 10**9),
        ("2020-01-01T03:00:00+03:00", 1_577_836_800 * 10**9),
        ("2020-01-01T00:00:00.000000001Z", 1_577_836_800 * 10**9 + 1),
        ("1678-01-01", -9_214_560_000 * 10**9),
    ],
)
def test_times_are_dates_of_the_iso_kind(text: str, origin_ns: int) -> None:
    assert parse({"origin_time": text}).origin_ns == origin_ns
