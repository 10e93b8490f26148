"""One archive laid out anew: as continuous files of any name, and as a tree of day files."""

from collections.abc import Iterator
from pathlib import Path

from obspy import Stream, Trace, read
from support.archive import START

from seismic_lightning.curation.layout import Places


def traces(archive: Path) -> Iterator[Trace]:
    for path in sorted(archive.glob("waveforms/*/*.mseed")):
        yield from read(str(path), format="MSEED")


def write(groups: dict[Path, Stream]) -> None:
    for path, stream in groups.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        stream.write(str(path), format="MSEED", encoding="STEIM2", reclen=512)


def as_files_of_any_name(archive: Path, folder: Path) -> Places:
    """Put all records of a station, whatever their channel, into one file."""
    groups: dict[Path, Stream] = {}
    for trace in traces(archive):
        groups.setdefault(folder / f"{trace.stats.station} any name", Stream()).append(trace)
    write(groups)
    return Places(archive, waveforms=folder, layout="continuous")


def as_day_files(archive: Path, folder: Path, later_s: float = 0.0, over_s: float = 0.0) -> Places:
    """Sort all records, moved in time, into a tree of day files that go on over midnight."""
    groups: dict[Path, Stream] = {}
    for trace in traces(archive):
        trace.stats.starttime += later_s
        for start in (START - 86400, START):
            begin = start + over_s
            part = trace.slice(begin, begin + 86400 - trace.stats.delta / 2)
            if len(part):
                network, station, _, channel = trace.id.split(".")
                name = f"{trace.id}.D.{start.year}.{start.julday:03d}"
                path = folder / str(start.year) / network / station / f"{channel}.D" / name
                groups.setdefault(path, Stream()).append(part)
    write(groups)
    return Places(archive, waveforms=folder, layout="sds")
