"""File names of exported records: those of their source files, wherever these can be told apart."""

import re
from pathlib import PurePosixPath

import pandas as pd

SUFFIX = ".mseed"

_PLAIN = re.compile(r"[\w.+-]+\.(mseed|miniseed|msd|ms)", re.ASCII | re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")


def file_names(metadata: pd.DataFrame) -> list[str]:
    """Name one file for each record.

    A record that is the only one of its source file keeps that file's name, in the folder of its channel
    family. Records cut from one long recording or out of several files, and those of other formats, are named
    ``<event>_<NET>_<STA>[_<LOC>]_<family>.mseed``. Names that would still meet, also on a file system that
    does not tell capitals, get a number: nothing is ever written over.

    Args:
        metadata: One row per record.

    Returns:
        Path of each record, with ``/``, below the folder of the waveforms.
    """
    alone = ~metadata["trace_file"].duplicated(keep=False) & ~metadata["trace_file"].str.contains(";")
    columns = (
        "source_id", "station_network_code", "station_code", "station_location_code", "trace_channel",
    )  # fmt: skip
    taken: set[str] = set()
    names = []
    records = zip(metadata["trace_file"], alone, *(metadata[name] for name in columns), strict=True)
    for source, is_alone, *codes in records:
        name = PurePosixPath(str(source)).name
        if not (is_alone and _PLAIN.fullmatch(name)):
            name = "_".join(_safe(code) for code in codes if str(code)) + SUFFIX
        names.append(_free(f"{_safe(codes[-1])}/{name}", taken))
    return names


def _safe(code: object) -> str:
    """Spell a code so that it can stand in a file's name."""
    return _UNSAFE.sub("-", str(code)).strip(".") or "-"


def _free(path: str, taken: set[str]) -> str:
    """Number a path until nobody has it."""
    stem, _, suffix = path.rpartition(".")
    candidate, number = path, 2
    while candidate.casefold() in taken:
        candidate, number = f"{stem}_{number}.{suffix}", number + 1
    taken.add(candidate.casefold())
    return candidate
