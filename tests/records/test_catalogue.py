"""QuakeML becomes events and picks; what it does not say stays unknown."""

from pathlib import Path

import pandas as pd
import pytest
from obspy import UTCDateTime
from obspy.core.event import Catalog, Event, Magnitude, Origin, ResourceIdentifier
from support.simulated import simulated

from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.catalogue import P_PHASES, Pick, first_pick, read_quakeml


def a_pick(time_ns: int, **changes: str | None) -> Pick:
    values: dict[str, str | None] = {
        "event_id": "1",
        "network": "KO",
        "station": "ADVT",
        "location": "",
        "channel": "HHZ",
        "phase": "Pg",
        "mode": "manual",
        **changes,
    }
    return Pick(time_ns=time_ns, **values)  # type: ignore[arg-type]


def written(folder: Path, *events: Event) -> Path:
    path = folder / "catalogue.xml"
    Catalog(list(events)).write(str(path), format="QUAKEML")
    return path


def an_event(name: str, origins: list[Origin], magnitudes: list[Magnitude]) -> Event:
    return Event(
        resource_id=ResourceIdentifier(f"smi:local/event/{name}"), origins=origins, magnitudes=magnitudes
    )


def test_an_archive_comes_back_as_it_was_written(tmp_path: Path) -> None:
    catalogue = read_quakeml(simulated(tmp_path / "archive", 8) / "catalogue.xml")
    truth = pd.read_parquet(tmp_path / "archive" / "truth.parquet").drop_duplicates("event_id")
    assert sorted(catalogue.events) == sorted(truth["event_id"])
    for row in truth.to_dict("records"):
        event = catalogue.events[row["event_id"]]
        assert (event.magnitude, event.magnitude_type) == (round(row["local_magnitude"], 1), "ML")
        assert event.depth_km == pytest.approx(row["depth_km"], abs=0.051)
        assert event.latitude_deg == pytest.approx(row["latitude_deg"], abs=1e-4)
    assert {pick.mode for pick in catalogue.picks} == {"manual"}
    assert {pick.phase for pick in catalogue.picks} <= {"Pg", "Sg", "Pn", "Sn"}


def test_the_preferred_origin_and_magnitude_win(tmp_path: Path) -> None:
    origins = [
        Origin(time=UTCDateTime(0), latitude=1, longitude=2),
        Origin(time=UTCDateTime(9), latitude=3, longitude=4),
    ]
    magnitudes = [Magnitude(mag=1.0), Magnitude(mag=2.0)]
    event = an_event("1", origins, magnitudes)
    event.preferred_origin_id, event.preferred_magnitude_id = (
        origins[1].resource_id,
        magnitudes[1].resource_id,
    )
    row = read_quakeml(written(tmp_path, event)).events["1"]
    assert (row.latitude_deg, row.magnitude, row.origin_ns) == (3.0, 2.0, 9_000_000_000)


def test_unknown_is_none_and_never_zero(tmp_path: Path) -> None:
    event = an_event("1", [Origin(time=UTCDateTime(0), latitude=1, longitude=2)], [])
    row = read_quakeml(written(tmp_path, event, an_event("2", [], []))).events
    assert (row["1"].depth_km, row["1"].magnitude, row["1"].magnitude_type) == (None, None, None)
    assert (row["2"].origin_ns, row["2"].latitude_deg) == (None, None)


def test_two_events_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = [
        Event(resource_id=ResourceIdentifier(f"smi:{agency}/event/7"), origins=[], magnitudes=[])
        for agency in ("local", "other")
    ]
    with pytest.raises(ArchiveError, match="two events are called '7'"):
        read_quakeml(written(tmp_path, *twice))


def test_text_is_not_quakeml(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.xml"
    path.write_text("No,Date\n1,2024")
    with pytest.raises(ArchiveError, match=r"catalogue\.xml cannot be read as QuakeML"):
        read_quakeml(path)


def test_the_analysts_earliest_pick_of_the_own_sensor_is_taken() -> None:
    picks = [
        a_pick(1, mode="automatic"),
        a_pick(2, network="XX"),
        a_pick(3, phase="S"),
        a_pick(4, location="10"),
        a_pick(6),
        a_pick(5, phase="Pn"),
    ]
    chosen = first_pick(picks, P_PHASES, "KO", "")
    assert chosen is not None
    assert chosen.time_ns == 5
    elsewhere = first_pick(picks, P_PHASES, "KO", "20")
    assert elsewhere is not None
    assert elsewhere.time_ns == 4
    assert first_pick(picks[:3], P_PHASES, "KO", "") is None
