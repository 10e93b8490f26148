"""Station metadata of generated records agree with every record, whatever was asked of the station."""

from pathlib import Path

import numpy as np
import obspy
import pandas as pd
import pytest
from support.scenarios import inside

from seismic_lightning.codes import SeedId
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.generation.generate import prepare
from seismic_lightning.generation.request import Manner, expand, request_table
from seismic_lightning.generation.tables import AUTHORITY, station_bytes
from seismic_lightning.generation.trained import Trained
from seismic_lightning.records.inventory import Epoch, Inventory

CHANGE = "2010-01-01"


@pytest.fixture(scope="module")
def trained(cvae_checkpoint: Path) -> Trained:
    return Trained.read(cvae_checkpoint)


def exchanged(sensitivities: tuple[float, float] = (1e9, 4e8), moved_deg: float = 0.0) -> Inventory:
    """Return a station whose sensor was exchanged for another, and may have been moved."""
    change_ns = pd.Timestamp(CHANGE).value
    periods = ((None, change_ns - 1), (change_ns, None))
    places_deg = (40.5, 40.5 + moved_deg)
    return Inventory(
        Epoch(SeedId("XY", "NEW", "", f"HH{letter}"), *period, lat, 29.5, 12.0, None, None, value, "mps")
        for letter in "ZNE"
        for period, value, lat in zip(periods, sensitivities, places_deg, strict=True)
    )


@pytest.mark.parametrize("moved_deg", [0.0, 0.01])
def test_every_record_finds_its_own_sensitivity_and_place(
    trained: Trained, tmp_path: Path, moved_deg: float
) -> None:
    times = ("2005-03-01", "2015-03-01", "2006-03-01")
    wanted = [inside(trained, station="NEW", family="HH", origin_time=time) for time in times]
    inventory = exchanged(moved_deg=moved_deg)
    counts = prepare(trained, wanted, manner=Manner(inventory, unit="counts")).write(tmp_path / "c").folder
    motion = prepare(trained, wanted, manner=Manner(inventory)).write(tmp_path / "m").folder
    stations = obspy.read_inventory(counts / "stations.xml")
    records = pd.read_parquet(counts / "metadata.parquet")
    assert records["trace_sensitivity_counts_per_mps"].tolist() == [1e9, 4e8, 1e9]
    like = pd.read_parquet(motion / "metadata.parquet")["trace_file"]
    for row, file in zip(records.to_dict("records"), like, strict=True):
        stream, same = obspy.read(counts / row["trace_file"]), obspy.read(motion / file)
        place = stations.get_coordinates(stream[0].id, stream[0].stats.starttime)
        assert place["latitude"] == row["station_latitude_deg"]
        stream.remove_sensitivity(stations)
        limit = 0.51 / row["trace_sensitivity_counts_per_mps"]
        assert np.allclose(stream[0].data, same[0].data, rtol=0, atol=limit)
    assert len(stations.select(channel="HHZ", time=obspy.UTCDateTime("2007-01-01"))[0].stations) == 1


def test_a_change_within_a_record_is_refused(trained: Trained, tmp_path: Path) -> None:
    before = pd.Timestamp(CHANGE) - pd.Timedelta("1s")
    times = (before.isoformat(), CHANGE)
    wanted = [inside(trained, station="NEW", family="HH", origin_time=time) for time in times]
    generation = prepare(trained, wanted, manner=Manner(exchanged(), unit="counts"))
    with pytest.raises(ConfigurationError, match=r"XY\.NEW HH: has several sensitivities within one record"):
        generation.write(tmp_path / "records")
    assert not (tmp_path / "records").exists()


def test_one_sensitivity_is_one_open_epoch(trained: Trained) -> None:
    records = expand(request_table(trained, [inside(trained, n_records=3)], Manner(unit="counts")))
    content = station_bytes(records, AUTHORITY, 3.0)
    assert content is not None
    assert content.count(b"<Channel ") == 3
    assert b"startDate" not in content
