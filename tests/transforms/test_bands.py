"""The band table: half-open bins, aliases, and refusals that count and name."""

import math

import pytest
from support.signals import option

from seismic_lightning.errors import BandError, ConfigurationError
from seismic_lightning.transforms.bands import BandTable


def names(table: BandTable, families: list[str], magnitudes: list[float]) -> list[str]:
    return [table.names[row] for row in table.rows(families, magnitudes)]


@pytest.mark.parametrize(
    ("magnitude", "name"),
    [
        (-1.2, "HH M < 1"),
        (0.99, "HH M < 1"),
        (0.9999999, "HH 1 <= M < 2"),
        (1.0, "HH 1 <= M < 2"),
        (1.99, "HH 1 <= M < 2"),
        (3.0, "HH 3 <= M < 4"),
        (4.0, "HH M >= 4"),
        (7.9, "HH M >= 4"),
    ],
)
def test_bins_are_half_open(magnitude: float, name: str) -> None:
    assert names(BandTable(option("marmara")), ["HH"], [magnitude]) == [name]


def test_the_table_of_the_original_practice() -> None:
    table = BandTable(option("marmara"))
    corners = {name: tuple(band) for name, band in zip(table.names, table.corners_hz.tolist(), strict=True)}
    assert len(table) == 20
    assert corners["HH M < 1"] == (2, 25)
    assert corners["BH 1 <= M < 2"] == (0.5, 8)
    assert corners["EH 3 <= M < 4"] == (0.5, 20)
    assert corners["BH M >= 4"] == (0.1, 3)


@pytest.mark.parametrize(
    ("alias", "family"), [("SH", "EH"), ("EL", "EH"), ("DP", "EH"), ("EP", "EH"), ("BN", "HN"), ("EN", "HN")]
)
def test_aliases_use_the_row_of_their_kind(alias: str, family: str) -> None:
    table = BandTable(option("marmara"))
    assert names(table, [alias], [2.5]) == names(table, [family], [2.5])


def test_any_serves_every_family_and_needs_no_magnitude() -> None:
    table = BandTable(option("fixed_band"))
    assert names(table, ["HH", "LH"], [2.0, math.nan]) == ["any all M", "any all M"]


def test_no_table_needs_nothing() -> None:
    assert BandTable(option("none")).rows(["LH"], [math.nan]).tolist() == [0]


def test_families_without_a_row_are_counted_and_the_remedy_named() -> None:
    with pytest.raises(BandError, match=r"LH: 2, XX: 1.*preprocess\.bands_hz\.LH=.*select\.families"):
        BandTable(option("marmara")).rows(["LH", "HH", "XX", "LH"], [1.0, 2.0, 3.0, 4.0])


def test_records_without_a_magnitude_are_counted() -> None:
    with pytest.raises(BandError, match="2 of 3 records have no magnitude"):
        BandTable(option("marmara")).rows(["HH"] * 3, [math.nan, 2.0, math.nan])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"magnitude_edges": [2, 1, 3, 4]}, "magnitude_edges must ascend"),
        ({"bands_hz": {"HH": [[1, 2]]}}, r"bands_hz\.HH needs 5 bands"),
        ({"magnitude_edges": [], "bands_hz": {"HH": [[20, 1]]}, "aliases": {}}, r"HH all M: needs corners"),
        ({"magnitude_edges": [], "bands_hz": {"HH": [[0, 1]]}, "aliases": {}}, r"HH all M: needs corners"),
        ({"magnitude_edges": [], "bands_hz": {"HH": [[1]]}, "aliases": {}}, r"HH all M: needs corners"),
        ({"aliases": {"SH": "SX"}}, r"aliases\.SH=SX"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        BandTable(option("marmara", **changes))


def test_high_corners_are_clipped_and_low_ones_told_apart() -> None:
    table = BandTable(option("marmara"))
    corners, clipped, impossible = table.clipped_hz(table.limit_hz(20.0, 100.0))
    assert corners[:, 1].max() == 8.0
    assert (clipped == (table.corners_hz[:, 1] > 8.0)).all()
    assert not impossible.any()
    assert table.limit_hz(200.0, 50.0) == 20.0  # the common rate's Nyquist frequency counts too
