"""A simulated archive is an observatory's: ObsPy reads all of it, curation takes it, and the truth agrees."""

import errno
import json
import os
import shutil
import signal
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from obspy import read, read_events, read_inventory

from seismic_lightning.codes import COMPONENTS
from seismic_lightning.curation.build import curate
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.errors import ArchiveError, ConfigurationError, StorageError
from seismic_lightning.records.catalogue import read_quakeml
from seismic_lightning.records.waveform import gap_intervals, read_segments
from seismic_lightning.simulation import archive, event_files
from seismic_lightning.simulation.archive import simulate_archive
from seismic_lightning.simulation.block import BLOCK
from seismic_lightning.simulation.event_files import prepared
from seismic_lightning.simulation.identity import MANIFEST, ArchiveSummary, find_fault, simulation_id
from seismic_lightning.simulation.instrument import FAMILIES, response
from seismic_lightning.simulation.metadata import stationxml_bytes
from seismic_lightning.simulation.settings import SimulationSettings
from seismic_lightning.simulation.simulator import Simulator

N_SMALL, N_LARGER = 48, 160
SMALL = SimulationSettings(n_records=N_SMALL)
LARGER = SimulationSettings(n_records=N_LARGER)


class Made(NamedTuple):
    """An archive, and what it was made with."""

    folder: Path
    summary: ArchiveSummary
    simulator: Simulator


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("simulated") / "archive"
    summary = simulate_archive(folder, LARGER)
    return Made(folder, summary, Simulator(LARGER))


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_every_record_is_one_file_of_the_agreed_name(made: Made) -> None:
    files = sorted(made.folder.glob("waveforms/*/*.mseed"))
    assert len(files) == made.summary.n_records == N_LARGER
    truth = pd.read_parquet(made.folder / "truth.parquet")
    assert sorted(truth["file"]) == [path.relative_to(made.folder).as_posix() for path in files]
    for file, event_id, station, family in truth[["file", "event_id", "station", "family"]].to_numpy():
        assert file == f"waveforms/{family}/{event_id}_KO_{station}_{family}.mseed"
        assert len(event_id) == 14


def test_files_hold_exactly_the_samples_that_were_not_lost(made: Made) -> None:
    records = made.simulator.records()
    n_gaps = n_absent = 0
    for number in range(made.simulator.n_blocks):
        block = made.simulator.block(number)
        for place in range(len(block.counts)):
            row = records.iloc[number * BLOCK + place]
            event_id = made.simulator.events()["event_id"].iloc[row["event"]]
            name = f"{event_id}_KO_{row['station']}_{row['family']}.mseed"
            segments = read_segments(made.folder / "waveforms" / row["family"] / name)
            for index, component in enumerate(COMPONENTS):
                own = [segment for segment in segments if segment.seed_id.component == component]
                kept = ~block.missing[place, index]
                n_gaps += len(own) > 1
                n_absent += not own
                parts = [segment.samples for segment in own]
                found = np.concatenate([np.empty(0, np.int32), *parts])
                np.testing.assert_array_equal(found, block.counts[place, index][kept])
                for segment, (first, _) in zip(own, gap_intervals(~block.missing[place, index]), strict=True):
                    assert segment.start_ns == row["start_ns"] + round(first * 1e9 / block.sampling_rate_hz)
    assert n_gaps > 0, "160 records have gaps among them"


def test_components_are_written_in_the_order_of_real_files(made: Made) -> None:
    path = sorted(made.folder.glob("waveforms/HH/*.mseed"))[0]
    channels = [trace.stats.channel for trace in read(path, format="MSEED", headonly=True)]
    assert list(dict.fromkeys(channels)) == ["HHZ", "HHN", "HHE"]


def test_catalogue_and_bulletins_tell_the_same(made: Made) -> None:
    catalogue = read_quakeml(made.folder / "catalogue.xml")
    read_back = [
        event
        for path in sorted(made.folder.glob("bulletins/*.txt"))
        for event in read_events(str(path), format="GSE2")
    ]
    assert [str(event.resource_id).rsplit("/", 1)[-1] for event in read_back] == list(catalogue.events)
    ours = {(pick.event_id, pick.station, pick.phase, pick.time_ns) for pick in catalogue.picks}
    theirs = {
        (str(e.resource_id).rsplit("/", 1)[-1], p.waveform_id.station_code, p.phase_hint, p.time.ns)
        for e in read_back
        for p in e.picks
    }
    assert ours == theirs
    assert len(ours) == len(catalogue.picks) == made.summary.picks
    assert {pick.mode for pick in catalogue.picks} == {"manual"}
    text = pd.read_csv(made.folder / "catalogue.txt", sep="\t", dtype={"Deprem Kodu": str})
    assert list(text["Deprem Kodu"]) == list(catalogue.events)
    assert list(text["xM"]) == [event.magnitude for event in catalogue.events.values()]


def test_residuals_of_the_bulletin_are_those_of_its_readings(made: Made) -> None:
    residuals = [
        arrival.time_residual
        for path in made.folder.glob("bulletins/*.txt")
        for event in read_events(str(path), format="GSE2")
        for arrival in event.origins[0].arrivals
    ]
    assert abs(np.mean(residuals)) < 0.1
    assert 0.2 < np.std(residuals) < 0.4, "0.27 s of path, 0.1 s of reading"


def test_the_truth_lies_where_the_catalogue_and_the_waveforms_say(made: Made) -> None:
    truth = pd.read_parquet(made.folder / "truth.parquet")
    assert list(truth["start_ns"]) == list(made.simulator.records()["start_ns"])
    p_s = (truth["p_arrival_ns"] - truth["start_ns"]) / 1e9
    np.testing.assert_allclose(p_s, truth["p_arrival_s"], atol=1e-6)
    assert (truth[["moment_nm", "corner_frequency_hz", "kappa_s"]] > 0).all(axis=None)
    events = made.simulator.events().iloc[made.simulator.records()["event"]]
    np.testing.assert_allclose(truth["moment_nm"], events["moment_nm"])
    for name in ("event_id", "local_magnitude", "latitude_deg", "longitude_deg", "depth_km"):
        assert list(truth[name]) == list(events[name]), name
    assert (truth["local_magnitude"].round(1) != truth["local_magnitude"]).any(), "the catalogue rounds"


@pytest.mark.parametrize("family", ["HH", "HN", "EH", "BH"])
def test_the_metadata_give_back_the_response_that_made_the_counts(family: str) -> None:
    rate_hz = 50.0 if family == "BH" else 100.0
    settings = SimulationSettings(n_records=1, bh_rate_hz=rate_hz if family == "BH" else None)
    network = Simulator(settings).network
    inventory = read_inventory(BytesIO(stationxml_bytes(network, settings.bh_rate_hz)), format="STATIONXML")
    channel = inventory.select(channel=f"{family}E")[0][0][0]
    station = network.index(inventory.select(channel=f"{family}E")[0][0].code)
    frequency_hz = np.geomspace(0.01, 0.42 * rate_hz, 40)
    read_back = channel.response.get_evalresp_response_for_frequencies(frequency_hz, output="VEL")
    gain = network.gain[station, FAMILIES[family].kind]
    ours = gain * response(family, frequency_hz, rate_hz)
    np.testing.assert_allclose(read_back, ours, rtol=1e-5)
    assert channel.response.instrument_sensitivity.value == pytest.approx(gain)
    assert (channel.azimuth, channel.dip, channel.sample_rate) == (90.0, 0.0, rate_hz)


def test_curation_takes_it_like_any_other_archive(made: Made, tmp_path: Path) -> None:
    everything = CurationSettings(select=SelectionSettings(families=("all",), min_snr=0.0))
    summary = curate(made.folder, tmp_path / "dataset", everything)
    assert summary.candidates == N_LARGER
    assert set(summary.rejected) <= {"gaps", "missing_component", "dead_component", "low_snr"}
    assert summary.apart == {}, "every pick has its file"
    metadata = open_dataset(tmp_path / "dataset").metadata
    assert set(metadata["trace_p_status"]) == {"manual"}
    np.testing.assert_allclose(metadata["trace_p_arrival_sample"], 1000.0, atol=1e-6)
    velocity = [family != "HN" for family in metadata["trace_channel"]]
    assert list(metadata["trace_sensitivity_counts_per_mps"].notna()) == velocity
    assert list(metadata["trace_sensitivity_counts_per_mps2"].isna()) == velocity


def test_more_workers_and_a_rerun_after_an_interruption_write_the_same_bytes(tmp_path: Path) -> None:
    simulate_archive(tmp_path / "one", SMALL)
    simulate_archive(tmp_path / "two", SMALL, n_workers=2)
    whole = content(tmp_path / "one")
    assert content(tmp_path / "two") == whole

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_archive(tmp_path / "three", SMALL, progress=interrupt)
    assert not (tmp_path / "three").exists()
    assert not (tmp_path / "three.part").exists()
    (tmp_path / "three.part" / "waveforms").mkdir(parents=True)  # as a killed run leaves it
    (tmp_path / "three.part" / "waveforms" / "half.mseed").write_bytes(b"half")
    simulate_archive(tmp_path / "three", SMALL)
    assert content(tmp_path / "three") == whole


def test_records_do_not_depend_on_their_number(made: Made, tmp_path: Path) -> None:
    simulate_archive(tmp_path / "fewer", SMALL)
    fewer, more = content(tmp_path / "fewer"), content(made.folder)
    records = [name for name in fewer if name.endswith(".mseed")]
    assert len(records) == N_SMALL
    assert all(fewer[name] == more[name] for name in records)


def test_an_unchanged_request_is_not_simulated_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = simulate_archive(tmp_path / "archive", SMALL)
    monkeypatch.setattr(archive, "_write", None)
    again = simulate_archive(tmp_path / "archive", SMALL)
    assert again.reused
    assert (again.events, again.records) == (first.events, first.records)
    with pytest.raises(ArchiveError, match="holds another simulation"):
        simulate_archive(tmp_path / "archive", SimulationSettings(n_records=47))
    next((tmp_path / "archive").glob("waveforms/*/*.mseed")).unlink()
    with pytest.raises(ArchiveError, match=r"was changed: .* overwrite=true"):
        simulate_archive(tmp_path / "archive", SMALL)


@pytest.mark.parametrize("lost", ["stations.xml", MANIFEST])
def test_an_archive_of_its_own_is_made_whole_again(made: Made, tmp_path: Path, lost: str) -> None:
    folder = tmp_path / "archive"
    shutil.copytree(made.folder, folder)
    (folder / lost).unlink()
    assert "archive" in str(find_fault(folder, LARGER))
    assert not simulate_archive(folder, LARGER, own=True).reused
    assert content(folder) == content(made.folder)
    assert find_fault(folder, LARGER) is None
    assert simulate_archive(folder, LARGER, own=True).reused


def test_overwriting_replaces_a_simulation_but_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    simulate_archive(folder, SimulationSettings(n_records=16))
    replaced = simulate_archive(folder, SMALL, overwrite=True)
    assert replaced.n_records == len(list(folder.glob("waveforms/*/*.mseed"))) == N_SMALL
    (folder / MANIFEST).unlink()
    with pytest.raises(ArchiveError, match="was not simulated, so it stays"):
        simulate_archive(folder, SMALL, overwrite=True)


def test_the_manifest_tells_what_was_simulated(made: Made) -> None:
    manifest = json.loads((made.folder / MANIFEST).read_text())
    assert manifest["simulation_id"] == simulation_id(LARGER) != simulation_id(SMALL)
    assert SimulationSettings(**manifest["settings"]) == LARGER
    assert sum(manifest["counts"]["records"].values()) == N_LARGER
    whole, floating = (SimulationSettings(max_magnitude=value) for value in (5, 5.0))
    assert simulation_id(whole) == simulation_id(floating)


def test_a_full_disk_names_the_place_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match=r"archive cannot be written \(No space left"):
        simulate_archive(tmp_path / "archive", SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["archive.lock"]


def be_killed(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_is_an_error_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_files, "write_blocks", be_killed)
    with pytest.raises(StorageError, match=r"one of n_workers=2 processes was killed.*fewer n_workers"):
        simulate_archive(tmp_path / "archive", SMALL, n_workers=2)
    assert not (tmp_path / "archive").exists()


def test_no_worker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="n_workers=0"):
        simulate_archive(tmp_path / "archive", SMALL, n_workers=0)


def test_a_simulator_is_made_once_per_process() -> None:
    assert prepared(SMALL) is prepared(SMALL)
