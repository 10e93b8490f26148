"""Datasets of others in SeisBench's format: variants of the layout, refusals by name, damaged files."""

import os
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from support.seisbench import N_SAMPLES, SETTINGS, row, waveform, write

from seismic_lightning.curation.hdf5 import WaveformFile
from seismic_lightning.curation.seisbench import import_seisbench
from seismic_lightning.curation.seisbench_task import Hints
from seismic_lightning.curation.select import Refusal
from seismic_lightning.curation.store import open_dataset
from seismic_lightning.errors import ConfigurationError, DatasetError, SeismicLightningError

MUTANTS = int(os.environ.get("SEISMIC_MUTANTS", "60"))


def test_a_block_becomes_a_dataset(tmp_path: Path) -> None:
    source = write(tmp_path / "source", [row(number) for number in range(8)])
    summary = import_seisbench(source, tmp_path / "dataset", SETTINGS)
    assert (summary.accepted, summary.rejected, summary.unit) == (8, {}, "counts")
    dataset = open_dataset(tmp_path / "dataset")
    (group,) = dataset.fetch(np.arange(8))
    expected = np.stack([waveform(number)[:, 500:2501] for number in range(8)])
    assert np.array_equal(group.waveform, expected)
    metadata = dataset.metadata
    assert metadata["trace_p_arrival_sample"].tolist() == [1000.0] * 8
    assert metadata["trace_s_arrival_sample"].tolist() == [1300.0] * 8
    assert metadata["trace_start_time"][0] == pd.Timestamp("2020-01-01T00:00:10.25Z")
    assert set(metadata["station_network_code"]) == {"NA"}  # a network, not a missing value
    assert metadata["trace_Z_snr"].min() > 10
    assert metadata["path_ep_distance_km"][0] == pytest.approx(27.7, abs=0.2)
    assert metadata.groupby("source_id")["split"].nunique().max() == 1
    assert set(metadata["split"]) == {"train", "dev", "test"}


def test_chunks_orders_rates_and_names_of_all_kinds_are_read(tmp_path: Path) -> None:
    source = tmp_path / "source"
    first = [row(number, trace_name=f"ev/{number}", trace_component_order="ENZ") for number in range(4)]
    enz = {f"ev/{number}": waveform(number)[[2, 1, 0]].T for number in range(4)}
    write(source, first, enz, chunk="_a", dimension_order="WC")
    names = {"trace_p_arrival_sample": ..., "trace_p_status": ..., "trace_s_arrival_sample": ...}
    picks = {"trace_Pn_arrival_sample": 750, "trace_Pg_arrival_sample": 800, "trace_Pn_status": "automatic"}
    second = [
        row(
            number,
            trace_name=f"t{number}",
            trace_sampling_rate_hz=50,
            trace_Sg_arrival_sample="",
            **names,
            **picks,
        )
        for number in range(4, 8)
    ]
    half = {f"t{number}": waveform(number)[:, ::2].astype(np.int16) for number in range(4, 8)}
    write(source, second, half, chunk="_b")
    (source / "chunks").write_text("_a\n_b\n")
    summary = import_seisbench(source, tmp_path / "dataset", SETTINGS)
    assert (summary.accepted, summary.rejected) == (8, {})
    dataset = open_dataset(tmp_path / "dataset")
    slow, fast = dataset.fetch(np.arange(8))
    assert np.array_equal(fast.waveform[0], waveform(0)[:, 500:2501])
    assert np.array_equal(slow.waveform[0], waveform(4)[:, ::2][:, 250:1251])
    status = dataset.metadata["trace_p_status"]
    assert status.tolist() == ["manual"] * 4 + ["automatic"] * 4
    assert dataset.metadata["trace_s_arrival_sample"].isna().tolist() == [False] * 4 + [True] * 4


def test_what_a_row_lacks_is_the_reason_it_is_left_out(tmp_path: Path) -> None:
    lacking = {
        "no_onset": {"trace_p_arrival_sample": ""},
        "no_origin": {"source_latitude_deg": ""},
        "no_magnitude": {"source_magnitude": "None"},
        "no_station": {"station_longitude_deg": "nan"},
        "no_time": {"trace_start_time": ""},
        "no_family": {"trace_channel": ""},
        "bad_code": {"station_code": "../S"},
        "family_not_selected": {"trace_channel": "HN"},
        "no_trace": {"trace_name": "bucket0$99,:3,:4000"},
        "gaps": {"trace_name": "bucket0$0,:3,:2000"},
        "too_short": {"trace_name": "bucket0$0,:3,:400"},
        "no_orientation": {"trace_component_order": "Z12"},
        "duplicate": {},
    }
    good = [row(number) for number in range(6)]
    bad = [row(5, **changes) for changes in lacking.values()]
    source = write(tmp_path / "source", [*good, *bad])
    summary = import_seisbench(source, tmp_path / "dataset", SETTINGS)
    assert (summary.accepted, summary.candidates) == (6, 6 + len(lacking))
    assert summary.rejected == dict.fromkeys(lacking, 1)
    table = pd.read_csv(tmp_path / "dataset" / "rejections.csv")
    assert table["event"].tolist() == ["ev2"] * len(lacking)
    again = import_seisbench(source, tmp_path / "as_is", replace(SETTINGS, orientation="as_is"))
    assert "no_orientation" not in again.rejected


def test_the_dataset_s_own_split_is_kept_only_where_it_is_whole(tmp_path: Path) -> None:
    names = ["train", "train", "train", "train", "dev", "dev", "test", "test"]
    rows = [row(number, split=name) for number, name in enumerate(names)]
    import_seisbench(write(tmp_path / "a", rows), tmp_path / "own", SETTINGS)
    assert open_dataset(tmp_path / "own").metadata["split"].tolist() == names
    rows[0]["split"] = ""
    import_seisbench(write(tmp_path / "b", rows), tmp_path / "ours", SETTINGS)
    ours = open_dataset(tmp_path / "ours").metadata
    assert set(ours["split"]) == {"train", "dev", "test"}
    assert ours.groupby("source_id")["split"].nunique().max() == 1


def test_units_come_from_the_row_the_file_or_the_user(tmp_path: Path) -> None:
    rows = [row(number) for number in range(8)]
    silent = write(tmp_path / "silent", rows, unit=None)
    with pytest.raises(ConfigurationError, match=r"does not say the unit .*data.source.unit=counts"):
        import_seisbench(silent, tmp_path / "dataset", SETTINGS)
    assert import_seisbench(silent, tmp_path / "said", SETTINGS, Hints("mps")).unit == "mps"
    with pytest.raises(ConfigurationError, match=r"says its unit is counts, data.source.unit=mps"):
        import_seisbench(write(tmp_path / "loud", rows), tmp_path / "dataset", SETTINGS, Hints("mps"))
    odd = write(tmp_path / "odd", rows, unit="furlongs")
    with pytest.raises(ConfigurationError, match="unit 'furlongs'; known are"):
        import_seisbench(odd, tmp_path / "dataset", SETTINGS)
    per_row = write(tmp_path / "row", [row(number, trace_unit="m/s") for number in range(8)], unit=None)
    assert import_seisbench(per_row, tmp_path / "per_row", SETTINGS).unit == "mps"
    nameless = write(tmp_path / "nameless", [row(number, trace_channel=...) for number in range(8)])
    assert import_seisbench(nameless, tmp_path / "f", SETTINGS, Hints(family="HH")).accepted == 8
    assert not (tmp_path / "dataset").exists()


def test_fractional_counts_stay_fractions(tmp_path: Path) -> None:
    block = np.stack([waveform(number) * np.float32(0.3) for number in range(8)])
    block[0] = np.rint(block[0])
    source = write(tmp_path / "source", [row(number) for number in range(8)], {"bucket0": block})
    summary = import_seisbench(source, tmp_path / "dataset", SETTINGS)
    assert (summary.unit, summary.accepted) == ("counts", 8)
    (group,) = open_dataset(tmp_path / "dataset").fetch(np.arange(8))
    assert np.array_equal(group.waveform, block[:, :, 500:2501])


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="not in SeisBench's format"):
        import_seisbench(tmp_path, tmp_path / "dataset", SETTINGS)
    source = write(tmp_path / "source", [row(number) for number in range(8)])
    (source / "chunks").write_text("../elsewhere\n")
    with pytest.raises(DatasetError, match=r"names '\.\./elsewhere'"):
        import_seisbench(source, tmp_path / "dataset", SETTINGS)
    (source / "chunks").write_text("_z\n")
    with pytest.raises(DatasetError, match=r"lacks metadata_z\.csv"):
        import_seisbench(source, tmp_path / "dataset", SETTINGS)
    (source / "chunks").unlink()
    (source / "metadata.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DatasetError, match="has no column trace_name; it has a, b"):
        import_seisbench(source, tmp_path / "dataset", SETTINGS)
    (source / "waveforms.hdf5").write_bytes(b"no HDF5")
    with pytest.raises(DatasetError, match=r"waveforms\.hdf5 cannot be read: OSError"):
        WaveformFile(source / "waveforms.hdf5").__enter__()


def test_nothing_outside_the_file_is_ever_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.bin"
    secret.write_bytes(np.ones(3 * N_SAMPLES, dtype="<f4").tobytes())
    write(tmp_path / "other", [row(0)])
    source = write(tmp_path / "source", [row(number) for number in range(8)])
    path = source / "waveforms.hdf5"
    with h5py.File(path, "a") as file:
        file["data/soft"] = h5py.SoftLink("/data/bucket0")
        file["data/linked"] = h5py.ExternalLink("../other/waveforms.hdf5", "/data/bucket0")
        shape = (3, N_SAMPLES)
        place = [(str(secret), 0, h5py.h5f.UNLIMITED)]
        file.create_dataset("data/external", shape, "<f4", external=place)
        layout = h5py.VirtualLayout(shape, "<f4")
        layout[:] = h5py.VirtualSource(
            str(tmp_path / "other" / "waveforms.hdf5"), "data/bucket0", (8, *shape)
        )[0]
        file.create_virtual_dataset("data/virtual", layout)
    names = [
        "soft$0,:3,:",
        "linked$0,:3,:",
        "external",
        "virtual",
        "bucket0/x",
        "",
        "bucket0$0,:,:",
        "bucket0$__",
    ]
    with WaveformFile(path) as waveforms:
        *refused, last, evil = waveforms.read(names)
    assert [answer.reason for answer in refused if isinstance(answer, Refusal)] == [
        *["linked_trace"] * 4,
        *["no_trace"] * 2,
    ]
    assert isinstance(last, np.ndarray)
    assert isinstance(evil, Refusal)


def test_a_library_that_gets_lost_is_ended(tmp_path: Path) -> None:
    source = write(tmp_path / "source", [row(0)])
    with pytest.raises(DatasetError, match="got lost in it"), WaveformFile(source / "waveforms.hdf5", 1e-3):
        pass


def test_damaged_files_end_in_one_kind_of_error(tmp_path: Path) -> None:
    source = write(tmp_path / "source", [row(number) for number in range(8)])
    intact = (source / "waveforms.hdf5").read_bytes()
    rng = np.random.default_rng(0)
    names = [f"bucket0${number},:3,:{N_SAMPLES}" for number in range(2)]
    refused, read = 0, 0
    path = tmp_path / "mutant.hdf5"
    for _ in range(MUTANTS):
        content = bytearray(intact)
        for _ in range(int(rng.integers(1, 8))):
            content[int(rng.integers(0, 4096))] = int(rng.integers(0, 256))
        if rng.random() < 0.2:
            del content[int(rng.integers(0, len(content))) :]
        path.write_bytes(content)
        try:
            with WaveformFile(path, reply_timeout_s=5.0) as waveforms:
                read += sum(isinstance(answer, np.ndarray) for answer in waveforms.read(names))
        except SeismicLightningError:
            refused += 1
    assert refused > 0
    assert read > 0
