"""Samples out of somebody else's HDF5 file, read by a process of their own that may die of it."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

import seismic_lightning
from seismic_lightning.curation.select import Refusal
from seismic_lightning.errors import DatasetError

REPLY_TIMEOUT_S = 60.0
"""Longest wait for one answer: a slow disk is slower than a file that keeps the library in a circle."""
MAX_HEADER_BYTES = 100_000
_ENVIRONMENT = {"HDF5_PLUGIN_PRELOAD": "::", "OPENBLAS_NUM_THREADS": "1"}
"""No plugin of HDF5 is ever loaded; threads would take address space that samples may need."""
_CRASHED = "the HDF5 library crashed on it, or got lost in it"
_DTYPES = ("<i4", "<f4", "<f8")


class WaveformFile:
    """One ``waveforms.hdf5``, open in another process while this is entered.

    Attributes:
        data_format: What the file says all traces have in common.
    """

    data_format: dict[str, Any]

    def __init__(self, path: Path, reply_timeout_s: float = REPLY_TIMEOUT_S) -> None:
        """Keep the path; the process starts when this is entered.

        Args:
            path: HDF5 file.
            reply_timeout_s: Longest wait for one answer.
        """
        self._path = path
        self._timeout_s = reply_timeout_s
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Open the file.

        Raises:
            DatasetError: It cannot be read as HDF5.
        """
        package = str(Path(seismic_lightning.__file__).parents[1])
        # Nothing in the working folder is imported: hence -P, and no empty entry, which would mean it.
        own = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        search = os.pathsep.join(filter(None, [package, *own]))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "seismic_lightning.curation.hdf5_child", str(self._path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_ENVIRONMENT, "PYTHONPATH": search},
        )
        try:
            header = self._line()
            if "error" in header:
                raise self._broken(str(header["error"]))
            self.data_format = header["data_format"]
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        self._close()

    def read(self, names: list[str]) -> list[NDArray[Any] | Refusal]:
        """Read traces.

        Args:
            names: Values of ``trace_name``.

        Returns:
            Samples in two dimensions, int32, float32 or float64, or why there are none; in the same order.

        Raises:
            DatasetError: The library crashed on the file, or got lost in it.
        """
        if not names:
            return []
        process = self._running()
        try:
            process.stdin.write(json.dumps(names).encode() + b"\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
        except OSError as error:
            raise self._broken(_CRASHED) from error
        return [self._trace() for _ in names]

    def _trace(self) -> NDArray[Any] | Refusal:
        header = self._line()
        if "reason" in header:
            return Refusal(str(header["reason"]), str(header["detail"]))
        if header["dtype"] not in _DTYPES:
            raise self._broken(_CRASHED)
        dtype, shape = np.dtype(header["dtype"]), tuple(header["shape"])
        content = self._bytes(int(np.prod(shape)) * dtype.itemsize)
        return np.frombuffer(content, dtype).reshape(shape)

    def _line(self) -> dict[str, Any]:
        line = self._receive(lambda stream: stream.readline(MAX_HEADER_BYTES))
        if not line.endswith(b"\n"):
            raise self._broken(_CRASHED)
        header: dict[str, Any] = json.loads(line)
        return header

    def _bytes(self, size: int) -> bytes:
        content = self._receive(lambda stream: stream.read(size))
        if len(content) != size:
            raise self._broken(_CRASHED)
        return content

    def _receive(self, take: Any) -> bytes:  # noqa: ANN401 - a function of the child's output
        """Wait for an answer, and end a process that gives none."""
        process = self._running()
        timer = threading.Timer(self._timeout_s, process.kill)
        timer.start()
        try:
            return bytes(take(process.stdout))
        finally:
            timer.cancel()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise RuntimeError("enter the WaveformFile first")
        return self._process

    def _broken(self, what: str) -> DatasetError:
        return DatasetError(f"{self._path} cannot be read: {what}; give an undamaged HDF5 file.")

    def _close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
