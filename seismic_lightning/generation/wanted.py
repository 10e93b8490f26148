"""What a user asks for: one scenario in a command's words, or one in each row of a CSV file.

Every value is checked here, and an error names the row and the column that it stands in.
"""

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seismic_lightning.codes import is_family
from seismic_lightning.errors import ConfigurationError

SOURCE = ("magnitude", "latitude_deg", "longitude_deg", "depth_km")
NEEDED = (*SOURCE, "station")
"""What a scenario has to say."""
OPTIONAL = ("origin_time", "n_records", "seed", "family")
"""What it may say; the command's own value holds where it does not."""
RANGES = {
    "magnitude": (-3.0, 10.0),
    "latitude_deg": (-90.0, 90.0),
    "longitude_deg": (-180.0, 180.0),
    "depth_km": (0.0, 700.0),
}
ORIGIN_TIME = "2000-01-01T00:00:00"
"""Where nobody names a time: one that no reader takes for that of an earthquake."""

FIRST_YEAR, LAST_YEAR = 1678, 2261
"""Whole years of which 64 bits count the nanoseconds since 1970."""
_ISO_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)


@dataclass(frozen=True)
class Wanted:
    """One scenario.

    Attributes:
        n_records: Records to draw.
        seed: First part of the key of all noise.
        origin_ns: Origin time, nanoseconds since 1970 (UTC).
        family: Channel family; None is the one that training saw most.
        magnitude: None, like the rest, where the model knows no condition.
        latitude_deg: Degrees north.
        longitude_deg: Degrees east.
        depth_km: Below sea level.
        station: ``STA`` or ``NET.STA``.
        where: What to put before an error, such as the line of a file.
    """

    n_records: int
    seed: int
    origin_ns: int
    family: str | None = None
    magnitude: float | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    depth_km: float | None = None
    station: str | None = None
    where: str = field(default="", compare=False)


def parse(values: Mapping[str, object], where: str = "") -> Wanted:
    """Check one scenario.

    Args:
        values: Numbers or text by name; None or empty is not given.
        where: What to put before an error, such as ``scenarios.csv, line 3: ``.

    Raises:
        ConfigurationError: Naming the value and what would be accepted.

    Example:
        >>> parse({"n_records": "2", "seed": 0, "magnitude": "3.5"}).magnitude
        3.5
    """
    given = {name: value for name, value in values.items() if value is not None and value != ""}
    numbers = {name: _number(name, given[name], where) for name in SOURCE if name in given}
    family, station = given.get("family"), given.get("station")
    if family is not None and not is_family(str(family)):
        raise ConfigurationError(f"{where}family={family}: give two capitals or digits, such as HH")
    return Wanted(
        n_records=_whole("n_records", given.get("n_records", 1), 1, where),
        seed=_whole("seed", given.get("seed", 0), 0, where),
        origin_ns=_time_ns(given.get("origin_time", ORIGIN_TIME), where),
        family=None if family is None else str(family),
        station=None if station is None else str(station).strip(),
        where=where,
        **numbers,
    )


def read_scenarios(path: Path, defaults: Mapping[str, object]) -> list[Wanted]:
    """Read one scenario per row.

    Args:
        path: CSV file with the columns ``magnitude``, ``latitude_deg``, ``longitude_deg``, ``depth_km`` and
            ``station``, and any of ``OPTIONAL``; separated by commas, or by semicolons with either decimal
            sign.
        defaults: Values of optional columns that the file or a row leaves out.

    Raises:
        ConfigurationError: The file cannot be read, has no row, lacks a column or has an unknown one, or a
            value cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"scenarios={path}: cannot be read as text ({error})") from error
    first = text.partition("\n")[0]
    semicolons = ";" in first and "," not in first
    lines = csv.reader(text.splitlines(), delimiter=";" if semicolons else ",")
    header = [name.strip() for name in next(lines, [])]
    _check_header(path, header)
    rows = _rows(path, header, lines)
    if semicolons:  # as spreadsheets write where the comma is the decimal sign
        rows = ((where, _with_points(row)) for where, row in rows)
    found = [parse({**defaults, **row}, where) for where, row in rows]
    if not found:
        raise ConfigurationError(f"scenarios={path}: has no row; give one scenario per row")
    return found


def _rows(
    path: Path, header: Sequence[str], lines: Iterator[list[str]]
) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the values that are given in each row, and where it stands."""
    for number, fields in enumerate(lines, start=2):
        if not any(field.strip() for field in fields):
            continue
        where = f"{path}, line {number}: "
        if len(fields) != len(header):
            raise ConfigurationError(f"{where}has {len(fields)} fields, the first line {len(header)}")
        row: dict[str, object] = {
            name: field.strip() for name, field in zip(header, fields, strict=True) if field.strip()
        }
        lacking = [name for name in NEEDED if name not in row]
        if lacking:
            raise ConfigurationError(f"{where}{', '.join(lacking)} is empty; give a value")
        yield where, row


def _with_points(row: Mapping[str, object]) -> dict[str, object]:
    """Write numbers with a decimal point instead of a comma."""
    return {name: str(value).replace(",", ".") if name in RANGES else value for name, value in row.items()}


def _check_header(path: Path, header: Sequence[str]) -> None:
    """Refuse columns that are missing, unknown or there twice."""
    if not any(header):
        raise ConfigurationError(f"scenarios={path}: is empty; expected the columns {', '.join(NEEDED)}")
    accepted = (*NEEDED, *OPTIONAL)
    missing = [name for name in NEEDED if name not in header]
    unknown = [name for name in header if name not in accepted]
    twice = sorted({name for name in header if header.count(name) > 1})
    for names, fault in ((missing, "lacks"), (unknown, "has the unknown"), (twice, "has twice")):
        if names:
            raise ConfigurationError(
                f"scenarios={path}: {fault} column {', '.join(names)}; expected {', '.join(NEEDED)} and, "
                f"where wanted, {', '.join(OPTIONAL)}"
            )


def _number(name: str, value: object, where: str) -> float:
    low, high = RANGES[name]
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not low <= number <= high:  # also what is not a number
        raise ConfigurationError(f"{where}{name}={value}: give a number from {low:g} to {high:g}")
    return number


def _whole(name: str, value: object, least: int, where: str) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = least - 1
    if number < least:
        raise ConfigurationError(f"{where}{name}={value}: give a whole number of {least} or more")
    return number


def _time_ns(value: object, where: str) -> int:
    import pandas as pd  # here: slow to import, and the configuration is checked before

    text = str(value).strip()
    refusal = (
        f"{where}origin_time={value}: give a date, or a date and time in UTC, of the years {FIRST_YEAR} to "
        f"{LAST_YEAR}, such as {ORIGIN_TIME}"
    )
    if not _ISO_TIME.fullmatch(text) or not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        raise ConfigurationError(refusal)
    try:
        time = pd.Timestamp(text)
    except ValueError as error:
        raise ConfigurationError(refusal) from error
    utc = time.tz_localize("UTC") if time.tzinfo is None else time.tz_convert("UTC")
    return int(utc.as_unit("ns").value)
