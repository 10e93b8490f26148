"""Which windows follow from picks and stations, and what is listed instead."""

from collections import Counter
from pathlib import Path

import pytest

from seismic_lightning.acquisition.ledger import Ledger, Outcome
from seismic_lightning.acquisition.plan import LeftOut, Window, plan_windows, selected
from seismic_lightning.acquisition.settings import AcquisitionSettings, FdsnSettings, RegionSettings
from seismic_lightning.codes import SeedId
from seismic_lightning.errors import AcquisitionError, ConfigurationError, StorageError
from seismic_lightning.records.catalogue import Catalogue, Event, Pick
from seismic_lightning.records.inventory import Epoch, Inventory

S_NS = 1_000_000_000
DAY = 1_704_067_200 * S_NS
REGION = RegionSettings(39.5, 41.8, 25.5, 31.0)
SETTINGS = AcquisitionSettings("2024-01-01", "2024-01-02", REGION, FdsnSettings("KOERI", ["KO"]))


def event(name: str, origin_ns: int | None = DAY, latitude_deg: float = 40.7) -> Event:
    return Event(name, origin_ns, latitude_deg, 28.9, 8.0, 2.0, "ML")


def pick(name: str, station: str, delay_s: float, phase: str = "Pg", mode: str = "manual") -> Pick:
    return Pick(name, "", station, None, "", phase, DAY + round(delay_s * S_NS), mode)


def epochs(seed: str, start_ns: int | None = None, end_ns: int | None = None) -> list[Epoch]:
    network, station, location, channels = seed.split(".")
    ids = [SeedId(network, station, location, channels[:2] + letter) for letter in channels[2:]]
    return [Epoch(code, start_ns, end_ns, 40.7, 29.0, 0.0, None, None, None, None) for code in ids]


def planned(
    events: list[Event], picks: list[Pick], stations: list[Epoch]
) -> tuple[list[Window], Counter[str]]:
    catalogue = selected(Catalogue({e.event_id: e for e in events}, picks), SETTINGS)
    entries = list(plan_windows(catalogue, Inventory(stations), SETTINGS.fdsn))
    left_out = Counter(entry.reason for entry in entries if isinstance(entry, LeftOut))
    return [entry for entry in entries if isinstance(entry, Window)], left_out


@pytest.mark.parametrize(("delay_s", "start_s"), [(5.0, -5.0), (10.0, 0.0), (25.0, 0.0)])
def test_a_window_begins_at_the_origin_or_before_p(delay_s: float, start_s: float) -> None:
    [window], _ = planned([event("1")], [pick("1", "GEML", delay_s)], epochs("KO.GEML..HHZNE"))
    assert (window.start_ns - DAY) / S_NS == start_s
    assert (window.end_ns - DAY) / S_NS == delay_s + 60.0
    assert window.channels == ("HHZ", "HHN", "HHE")
    assert window.file == "waveforms/HH/1_KO_GEML_HH.mseed"


def test_every_sensor_of_the_time_gets_a_window() -> None:
    stations = [
        *epochs("KO.GEML..HHZNE"),
        *epochs("KO.GEML..HNZNE"),
        *epochs("KO.GEML.10.HH123"),
        *epochs("KO.GEML.20.HHZNE", end_ns=DAY - S_NS),
        *epochs("KO.GEML..LHZNE"),
        *epochs("XX.GEML..HHZNE"),
    ]
    windows, left_out = planned([event("1")], [pick("1", "GEML", 5.0)], stations)
    assert [window.file.rsplit("/", 1)[-1] for window in windows] == [
        "1_KO_GEML_HH.mseed",
        "1_KO_GEML_HN.mseed",
        "1_KO_GEML_10_HH.mseed",
    ]
    assert windows[2].channels == ("HH1", "HH2", "HH3")
    assert left_out == {"no_channel": 1}, "the sensor that ended is named"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (pick("1", "NONE", 5.0), "unknown_station"),
        (pick("1", "OLD", 5.0), "no_channel"),
        (pick("1", "SLOW", 5.0), "no_channel"),
        (pick("1", "GEML", 5.0, "Sg"), "no_p"),
        (pick("1", "GEML", 5.0, "Pg", "automatic"), "no_p"),
        (pick("1", "GEML", -100.0), "odd_pick"),
        (pick("1", "GEML", 4000.0), "odd_pick"),
        (pick("1", "../X", 5.0), "unsafe_code"),
    ],
)
def test_a_pick_without_a_window_is_named(entry: Pick, reason: str) -> None:
    stations = [
        *epochs("KO.GEML..HHZNE"),
        *epochs("KO.OLD..HHZNE", end_ns=DAY - S_NS),
        *epochs("KO.SLOW..LHZNE"),
        *[epoch for code in ("HHZ", "HHN") for epoch in _unsafe(code)],
    ]
    assert planned([event("1")], [entry], stations) == ([], {reason: 1})


def _unsafe(channel: str) -> list[Epoch]:
    [epoch] = epochs(f"KO.GEML..{channel}")
    codes = SeedId("KO", "../X", "", channel)
    return [Epoch(codes, *(getattr(epoch, name) for name in epoch.__slots__[1:]))]


def test_events_that_cannot_be_placed_or_named_are_named() -> None:
    events = [event("../1"), event("2", None), event("query?eventid=3&format=xml")]
    picks = [pick(e.event_id, "GEML", 5.0) for e in events]
    windows, left_out = planned(events, picks, epochs("KO.GEML..HHZNE"))
    assert [window.event for window in windows] == ["3"]
    assert left_out == {"unsafe_event": 1, "no_origin": 1}


def test_other_days_and_places_are_not_asked_for() -> None:
    events = [event("1", DAY - 1), event("2", DAY + 86_400 * S_NS), event("3", DAY, 38.0), event("4")]
    picks = [pick(e.event_id, "GEML", 5.0) for e in events]
    windows, left_out = planned(events, picks, epochs("KO.GEML..HHZNE"))
    assert [window.event for window in windows] == ["4"]
    assert not left_out


@pytest.mark.parametrize(
    ("edges", "expected"),
    [((41.0, 40.0, 28.0, 29.0), "the smaller one first"), ((40.0, 95.0, 28.0, 29.0), "within ±90")],
)
def test_a_box_that_is_none_is_refused(edges: tuple[float, ...], expected: str) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        RegionSettings(*edges)


def test_a_region_without_edges_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"region\.min_latitude_deg, region\.max_latitude_deg"):
        AcquisitionSettings("2024-01-01", "2024-01-02", RegionSettings(), FdsnSettings("KOERI"))


def test_a_changed_window_is_asked_for_again_and_the_others_rest(tmp_path: Path) -> None:
    windows = [Window(f"w{n}", "1", "KO", "GEML", "", ("HHZ",), 0, 100) for n in range(4)]
    with Ledger(tmp_path / "ledger") as ledger:
        ledger.plan("a", windows)
        ledger.note(Outcome(window.file, "no_data", 1, reason="no_data") for window in windows)
        ledger.plan("b", [windows[0], windows[1]._replace(end_ns=200), LeftOut("2", "GEML", "no_p", "")])
        assert ledger.counts() == {"no_data": 1, "waiting": 1}
        assert [batch[0].file for batch in ledger.batches(10)] == ["w1"]
        assert ledger.failures() == {"no_p": 1}
        with pytest.raises(AcquisitionError, match="two windows of the plan have one file"):
            ledger.plan("c", [windows[0], windows[0]])
        assert ledger.plan_id is None, "a plan that broke off is no plan"


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_bytes(b"no ledger" * 500)
    with pytest.raises(StorageError, match="cannot be used as a ledger"):
        Ledger(tmp_path / "ledger")
