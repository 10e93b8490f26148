"""The process in which foreign GSE waveforms are decoded, started by :mod:`seismic_lightning.records.gse2`.

ObsPy decodes GSE with a C library that damaged files can crash; here they take nothing down but this process.
It reads one JSON request per line from its input. To each it answers one line of JSON, followed by the
samples as little-endian int32. It ends when its input does.
"""

import json
import os
import sys
import warnings
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from obspy.core.trace import Stats

SIGN_ONLY = "Checksum differs only in absolute value"
"""ObsPy's words where an old version of its own writer turned the sign of a checksum."""


def main() -> None:
    """Answer requests until there are no more."""
    answers = _own_output()
    _forbid_core_files()
    from obspy import read  # here: after the output is safe from what a library may print

    _answer(answers, {"ready": True})
    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            content = BytesIO(Path(request["path"]).read_bytes())
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                warnings.filterwarnings("ignore", message=SIGN_ONLY)
                stream = read(content, format=request["format"], verify_chksum=True)
        except Exception as error:  # ObsPy raises value, type, index and its own errors on damaged bytes
            _answer(answers, {"error": type(error).__name__, "message": str(error)})
            continue
        samples = (trace.data.astype("<i4").tobytes() for trace in stream)
        _answer(answers, {"segments": [_header(trace.stats) for trace in stream]}, *samples)


def _header(stats: "Stats") -> dict[str, Any]:
    return {
        "codes": [stats.network, stats.station, stats.location, stats.channel],
        "start_ns": int(stats.starttime.ns),
        "sampling_rate_hz": float(stats.sampling_rate),
        "n_samples": int(stats.npts),
    }


def _own_output() -> BinaryIO:
    """Take the output for answers and send what the C library prints to where errors go."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _forbid_core_files() -> None:
    try:
        import resource  # here: Windows has none
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(answers: BinaryIO, header: dict[str, Any], *parts: bytes) -> None:
    answers.write(json.dumps(header).encode() + b"\n")
    for part in parts:
        answers.write(part)
    answers.flush()


if __name__ == "__main__":
    main()
