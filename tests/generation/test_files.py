"""Files of generated records are read by ObsPy as what they are, and say that they are synthetic."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import obspy
import pandas as pd
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray
from obspy import UTCDateTime
from obspy.io.quakeml.core import _validate as quakeml_is_valid
from obspy.io.stationxml.core import validate_stationxml
from support.scenarios import inside

import seismic_lightning
from seismic_lightning.errors import ConfigurationError, StorageError
from seismic_lightning.generation.draw import DrawSettings
from seismic_lightning.generation.files import About, check_vacant, file_names, write_records
from seismic_lightning.generation.generate import prepare
from seismic_lightning.generation.request import Manner, expand, request_table
from seismic_lightning.generation.trained import Trained
from seismic_lightning.generation.wanted import Wanted
from seismic_lightning.records.catalogue import read_quakeml
from seismic_lightning.records.inventory import read_stationxml


@pytest.fixture(scope="module")
def trained(cvae_checkpoint: Path) -> Trained:
    return Trained.read(cvae_checkpoint)


@pytest.fixture(scope="module")
def folder(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return two records of one request and one of another, in m/s."""
    target = tmp_path_factory.mktemp("generated") / "records"
    stations = trained.conditions.stations
    wanted = [inside(trained, n_records=2), inside(trained, station=stations[1])]
    return prepare(trained, wanted).write(target).folder


def test_waveforms_have_ids_times_and_samples(folder: Path, trained: Trained) -> None:
    metadata = pd.read_parquet(folder / "metadata.parquet")
    assert len(metadata) == 3
    assert metadata["synthetic"].all()
    for row in metadata.to_dict("records"):
        stream = obspy.read(folder / row["trace_file"])
        ids = [f"KO.{row['station_code']}.SY.{row['trace_channel']}{component}" for component in "ZNE"]
        assert [trace.id for trace in stream] == ids
        for trace in stream:
            p_time = UTCDateTime(row["trace_start_time"].isoformat()) + trained.before_p_s
            travel_s = p_time - UTCDateTime(row["source_origin_time"].isoformat())
            assert 0.0 < travel_s < 60.0
            assert trace.stats.starttime == p_time - trained.before_p_s
            assert (trace.stats.sampling_rate, trace.stats.npts) == (trained.rate_hz, trained.n_samples)
            assert trace.data.dtype == np.float32
            assert np.ptp(trace.data) > 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "catalogue.xml",
        "generation.json",
        "metadata.parquet",
        "overview.png",
        "stations.xml",
        "waveforms",
    ]


def test_the_catalogue_holds_the_source_and_theoretical_picks(folder: Path, trained: Trained) -> None:
    event, second = obspy.read_events(folder / "catalogue.xml")
    assert second.preferred_origin().time == event.preferred_origin().time
    wanted = inside(trained)
    origin, magnitude = event.preferred_origin(), event.preferred_magnitude()
    assert origin.time.ns == wanted.origin_ns
    assert (origin.latitude, origin.longitude) == (wanted.latitude_deg, wanted.longitude_deg)
    assert wanted.depth_km is not None
    assert origin.depth == pytest.approx(1000 * wanted.depth_km, abs=1e-3)
    assert magnitude.mag == wanted.magnitude
    assert origin.evaluation_mode == "automatic"
    metadata = pd.read_parquet(folder / "metadata.parquet").sort_values("source_id", kind="stable")
    picks = [pick for pick in read_quakeml(folder / "catalogue.xml").picks if pick.phase[0] == "P"]
    assert [pick.station for pick in picks] == metadata["station_code"].tolist()
    starts_ns = metadata["trace_start_time"].astype("int64").to_numpy()
    assert [pick.time_ns for pick in picks] == (starts_ns + 10 * 10**9).tolist()
    assert {pick.phase[0] for pick in read_quakeml(folder / "catalogue.xml").picks} == {"P", "S"}


def test_catalogue_and_stations_say_what_made_them_and_are_valid(folder: Path, trained: Trained) -> None:
    version = seismic_lightning.__version__
    assert trained.hull is not None
    assert trained.hull.magnitude_type == "ML"
    catalogue = obspy.read_events(folder / "catalogue.xml")
    for event in catalogue:
        assert [found.text for found in event.event_descriptions] == ["synthetic earthquake"]
        assert event.preferred_magnitude().magnitude_type == "ML"
        for part in (event, event.preferred_origin(), event.preferred_magnitude()):
            made_by = part.creation_info
            assert (made_by.agency_id, made_by.author) == (
                "seismic_lightning", f"seismic_lightning {version}"
            )  # fmt: skip
            assert made_by.creation_time is None  # the same request makes the same bytes
    inventory = obspy.read_inventory(folder / "stations.xml")
    assert inventory.source == f"seismic_lightning {version}, synthetic records"
    first = pd.read_parquet(folder / "metadata.parquet")["trace_start_time"].min()
    assert abs(inventory.created - UTCDateTime(first.isoformat())) < 1.0
    assert quakeml_is_valid(str(folder / "catalogue.xml"))
    assert validate_stationxml(str(folder / "stations.xml"))[0]


def test_a_magnitude_of_a_type_that_nobody_knows_says_so(trained: Trained) -> None:
    assert trained.hull is not None
    older = replace(trained, hull=replace(trained.hull, magnitude_type=None))
    assert request_table(older, [inside(older)])["source_magnitude_type"].tolist() == ["M"]


def test_station_metadata_match_the_waveforms(folder: Path, trained: Trained) -> None:
    inventory = obspy.read_inventory(folder / "stations.xml")
    for path in folder.rglob("*.mseed"):
        stream = obspy.read(path)
        samples = stream[0].data.copy()
        place = inventory.get_coordinates(stream[0].id, stream[0].stats.starttime)
        known = dict(zip(trained.conditions.stations, trained.conditions.places, strict=True))
        assert place["latitude"] == pytest.approx(known[f"KO.{stream[0].stats.station}"].latitude_deg)
        stream.remove_sensitivity(inventory)  # m/s already
        assert np.allclose(stream[0].data, samples)
    (channel, *_) = (epoch for epoch in read_stationxml(folder / "stations.xml") if epoch.seed_id.channel)
    assert channel.remark is not None
    assert "not to counts" in channel.remark


def test_every_file_says_it_is_synthetic(folder: Path) -> None:
    catalogue = obspy.read_events(folder / "catalogue.xml")
    assert all("synthetic" in event.resource_id.id for event in catalogue)
    assert all("Synthetic" in event.comments[0].text for event in catalogue)
    for network in obspy.read_inventory(folder / "stations.xml"):
        for part in (network, *network, *(channel for station in network for channel in station)):
            assert "Synthetic" in part.comments[0].value
            assert part.identifiers[0].startswith("smi:local/synthetic/")
    assert all("_SY_" in path.name for path in folder.rglob("*.mseed"))
    document = json.loads((folder / "generation.json").read_text())
    assert document["synthetic"] is True
    assert len(document["checkpoint"]["sha256"]) == 64
    assert document["settings"] == {
        "temperature": 1.0,
        "sampler": "prior",
        "phase": "normal",
        "same_noise": False,
        "allow_far": False,
    }
    assert [row["trace_band_low_hz"] for row in document["requests"]] == [1.0, 1.0]
    assert b"Synthetic records" in (folder / "overview.png").read_bytes()
    assert imread(folder / "overview.png").std() > 0.01


def test_the_same_request_makes_the_same_bytes(trained: Trained, tmp_path: Path) -> None:
    contents = []
    for name in ("first", "second"):
        target = prepare(trained, [inside(trained)], DrawSettings(temperature=0.5)).write(tmp_path / name)[0]
        contents.append(
            {
                path.relative_to(target): path.read_bytes()
                for path in sorted(target.rglob("*"))
                if path.is_file()
            }
        )
    assert contents[0] == contents[1]


def test_counts_are_whole_and_their_sensitivity_is_told(trained: Trained, tmp_path: Path) -> None:
    manner = Manner(unit="counts")
    counts = prepare(trained, [inside(trained)], manner=manner).write(tmp_path / "counts").folder
    motion = prepare(trained, [inside(trained)]).write(tmp_path / "motion").folder
    (first,), (second,) = (list(where.rglob("*.mseed")) for where in (counts, motion))
    stream = obspy.read(first)
    assert stream[0].data.dtype == np.int32
    sensitivity = pd.read_parquet(counts / "metadata.parquet")["trace_sensitivity_counts_per_mps"][0]
    stream.remove_sensitivity(obspy.read_inventory(counts / "stations.xml"))
    assert np.allclose(stream[0].data, obspy.read(second)[0].data, rtol=0, atol=0.51 / sensitivity)


def test_records_without_a_place_have_no_station_metadata(vae_checkpoint: Path, tmp_path: Path) -> None:
    vae = Trained.read(vae_checkpoint)
    written = prepare(vae, [Wanted(n_records=2, seed=0, origin_ns=10**18)]).write(tmp_path / "free")
    assert written.unit == "counts"
    assert not (written.folder / "stations.xml").exists()
    metadata = pd.read_parquet(written.folder / "metadata.parquet")
    assert metadata["source_magnitude"].isna().all()
    stream = obspy.read(written.folder / metadata["trace_file"][0])
    assert vae.hull is not None
    channels = [vae.hull.families[0] + component for component in "ZNE"]
    assert [trace.id for trace in stream] == [f"XX.SYNTH.SY.{channel}" for channel in channels]
    assert stream[0].stats.starttime.ns == 10**18 - 10 * 10**9
    events = obspy.read_events(written.folder / "catalogue.xml")
    assert len(events) == 2
    for event in events:
        assert event.origins == event.magnitudes == []
        assert [(pick.phase_hint, pick.evaluation_mode) for pick in event.picks] == [("P", None)]


def test_records_of_one_request_are_events_of_their_own(trained: Trained) -> None:
    first, second = trained.conditions.stations[:2]
    wanted = [inside(trained, n_records=2), inside(trained, station=second), inside(trained, magnitude=2.5)]
    records = expand(request_table(trained, [*wanted, inside(trained, station=first, seed=1)]))
    ids = ["synthetic-0001-0001", "synthetic-0001-0002", "synthetic-0001-0001", "synthetic-0002"]
    assert records["source_id"].tolist() == [*ids, "synthetic-0001-0003"]
    names = file_names(records)
    assert len(set(names)) == len(names)
    code, family = first.partition(".")[2], records["trace_channel"][1]
    assert names[1] == f"waveforms/{family}/synthetic-0001-0002_KO_{code}_SY_{family}.mseed"


def test_no_two_makings_share_an_identifier(trained: Trained, tmp_path: Path) -> None:
    def identifiers(name: str, **changes: float) -> set[str]:
        folder = prepare(trained, [inside(trained, **changes)]).write(tmp_path / name).folder
        (event,) = obspy.read_events(folder / "catalogue.xml")
        (network,) = obspy.read_inventory(folder / "stations.xml")
        parts = (event, event.preferred_origin(), event.preferred_magnitude(), *event.picks)
        return {part.resource_id.id for part in parts} | set(network.identifiers)

    first, again, other = identifiers("first"), identifiers("again"), identifiers("other", seed=1)
    assert first == again
    assert first.isdisjoint(other)
    assert all(name.startswith("smi:local/synthetic/") for name in first | other)


def test_a_folder_appears_whole_or_not_at_all(trained: Trained, tmp_path: Path) -> None:
    records = expand(request_table(trained, [inside(trained, n_records=2)]))

    def broken() -> Iterator[NDArray[np.float32]]:
        yield np.zeros((1, 3, trained.n_samples), dtype=np.float32)
        raise ConfigurationError("stop")

    with pytest.raises(ConfigurationError, match="stop"):
        write_records(tmp_path / "records", records, broken(), About("test", {}, 1.0))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.tex").write_text("precious")
    with pytest.raises(ConfigurationError, match="taken is occupied and stays as it is"):
        write_records(tmp_path / "taken", records, broken(), About("test", {}, 1.0))
    assert (tmp_path / "taken" / "thesis.tex").read_text() == "precious"


def test_a_folder_that_may_not_be_made_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageError, match=f"output_dir=.*: {tmp_path}/file is a file"):
        check_vacant(tmp_path / "file" / "records")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    message = f"output_dir={tmp_path}/new/records: no permission to write in {tmp_path}; give another folder"
    with pytest.raises(StorageError, match=f"^{message}$"):
        check_vacant(tmp_path / "new" / "records")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("unit", "sample", "message"),
    [
        (None, np.nan, "request 0, record 1: 1 of .* samples are not finite"),
        (None, -np.inf, "request 0, record 1: 1 of .* samples are not finite"),
        ("counts", 1e20, "request 0, record 1: .* counts are more than the 32 bits"),
        ("counts", 10.0, r"request 0, record 1: .*e\+10 counts are more than the 32 bits"),
    ],
)
def test_samples_that_no_file_holds_are_refused_by_name(
    trained: Trained, tmp_path: Path, unit: str | None, sample: float, message: str
) -> None:
    records = expand(request_table(trained, [inside(trained, n_records=2)], Manner(unit=unit)))
    samples = np.zeros((2, 3, trained.n_samples), dtype=np.float32)
    samples[1, 2, 7] = sample
    with pytest.raises(ConfigurationError, match=message):
        write_records(tmp_path / "records", records, [samples], About("test", {}, 1.0))
    assert not (tmp_path / "records").exists()


def test_the_largest_counts_are_kept(trained: Trained, tmp_path: Path) -> None:
    records = expand(request_table(trained, [inside(trained)])).assign(trace_unit="counts")
    samples = np.zeros((1, 3, trained.n_samples), dtype=np.float32)
    samples[0, 0, :2] = 2.0**31 - 128, -(2.0**31 - 128)
    folder = write_records(tmp_path / "records", records, [samples], About("test", {}, 1.0))
    (path,) = folder.rglob("*.mseed")
    assert obspy.read(path)[0].data[:2].tolist() == [2**31 - 128, -(2**31) + 128]
