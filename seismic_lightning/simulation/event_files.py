"""Event files of a simulated archive: blocks of records to miniSEED, and their truth."""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import pandas as pd

from seismic_lightning.codes import COMPONENTS, NANOSECONDS_PER_S, SeedId
from seismic_lightning.records.miniseed import miniseed_bytes
from seismic_lightning.records.waveform import Segment, gap_intervals
from seismic_lightning.simulation.block import BLOCK, Block
from seismic_lightning.simulation.given import GivenEarthquake
from seismic_lightning.simulation.network import NETWORK
from seismic_lightning.simulation.recorder import Recorder
from seismic_lightning.simulation.request import Earthquake, Request
from seismic_lightning.simulation.simulator import Simulator

WAVEFORMS = "waveforms"


class Recording(Protocol):
    """What an archive is written from: the region's seismicity or one given earthquake.

    Attributes:
        recorder: The stations.
        n_blocks: Blocks of sixteen records; the last one may be shorter.
    """

    recorder: Recorder
    n_blocks: int

    def events(self) -> pd.DataFrame:
        """Return the earthquakes, see :func:`tables.event_table`."""

    def records(self) -> pd.DataFrame:
        """Return the records without waveforms, see :func:`tables.record_table`."""

    def block(self, block: int) -> Block:
        """Synthesise the records of one block."""


def write_blocks(request: Request, blocks: Iterable[int], folder: Path) -> pd.DataFrame:
    """Simulate some blocks and write their event files.

    Args:
        request: What is simulated.
        blocks: Their numbers.
        folder: Archive that is being written; its family folders exist.

    Returns:
        The truth of their records, one row each.
    """
    recording, names = prepared(request)
    rows = []
    for number in blocks:
        block = recording.block(number)
        own = names.iloc[number * BLOCK : number * BLOCK + len(block.counts)]
        columns = (own[name].tolist() for name in ("file", "station", "family", "start_ns"))
        for place, (file, station, family, start_ns) in enumerate(zip(*columns, strict=True)):
            sensor = SeedId(NETWORK, station, "", family)
            (folder / file).write_bytes(miniseed_bytes(record_segments(block, place, sensor, start_ns)))
        rows.append(_truth(own, block))
    return pd.concat(rows)


@functools.lru_cache(maxsize=1)
def prepared(request: Request) -> tuple[Recording, pd.DataFrame]:
    """Return the recording and the named records of an archive, made once in each process.

    Args:
        request: What is simulated.

    Raises:
        ConfigurationError: The simulator does not reach what is asked for.
    """
    recording: Recording = GivenEarthquake(request) if isinstance(request, Earthquake) else Simulator(request)
    return recording, named_records(recording)


def named_records(recording: Recording) -> pd.DataFrame:
    """Return the record table with each record's ``event_id``, ``file`` and what is known of its event."""
    events = recording.events()[["event_id", "local_magnitude", "latitude_deg", "longitude_deg", "depth_km"]]
    records = recording.records().join(events, on="event")
    files = [
        f"{WAVEFORMS}/{family}/{event}_{NETWORK}_{station}_{family}.mseed"
        for event, station, family in zip(
            records["event_id"], records["station"], records["family"], strict=True
        )
    ]
    return records.assign(file=files)


def record_segments(block: Block, place: int, sensor: SeedId, start_ns: int) -> Iterator[Segment]:
    """Yield what was recorded of one record: Z, N, E in order, and nothing where samples were lost.

    Args:
        block: Records.
        place: Row of the record within the block.
        sensor: Its codes, with the channel family for a channel.
        start_ns: Time of its first sample, nanoseconds since 1970 (UTC).
    """
    rate_hz = block.sampling_rate_hz
    for row, component in enumerate(COMPONENTS):
        seed_id = sensor._replace(channel=sensor.channel + component)
        for first, stop in gap_intervals(~block.missing[place, row]):
            begin_ns = start_ns + round(first / rate_hz * NANOSECONDS_PER_S)
            yield Segment(seed_id, begin_ns, rate_hz, block.counts[place, row, first:stop])


def _truth(records: pd.DataFrame, block: Block) -> pd.DataFrame:
    """Join what is known of records with what they were made of."""
    columns = [
        "file", "event_id", "station", "family", "sampling_rate_hz", "start_ns", "p_arrival_ns",
        "s_arrival_ns", "p_pick_ns", "s_pick_ns", "local_magnitude", "latitude_deg", "longitude_deg",
        "depth_km", "distance_km", "back_azimuth_deg",
    ]  # fmt: skip
    made_of = pd.DataFrame(block.truth._asdict(), index=records.index)
    return records[columns].join(made_of)
