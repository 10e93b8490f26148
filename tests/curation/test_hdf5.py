"""The process that opens HDF5 files of others runs our code and the library, nothing that lies about."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from seismic_lightning.curation.hdf5 import WaveformFile


def test_nothing_in_the_working_folder_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "waveforms.hdf5"
    with h5py.File(path, "w") as file:
        file["data_format/dimension_order"] = "CW"
        file["data/one"] = np.arange(12, dtype=np.int32).reshape(3, 4)
    trap = f"import pathlib; pathlib.Path({str(tmp_path / 'sprung')!r}).touch()"
    for name in ("h5py.py", "numpy.py"):
        (tmp_path / name).write_text(trap, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join(["", *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    )
    with WaveformFile(path) as waveforms:
        (trace,) = waveforms.read(["one"])
    assert np.array_equal(trace, np.arange(12).reshape(3, 4))
    assert not (tmp_path / "sprung").exists()
