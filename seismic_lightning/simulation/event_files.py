"""Event files of a simulated archive: blocks of records to miniSEED, and their truth."""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.codes import COMPONENTS, SeedId
from seismic_lightning.records.miniseed import miniseed_bytes
from seismic_lightning.records.waveform import Segment
from seismic_lightning.simulation.given import GivenEarthquake
from seismic_lightning.simulation.network import NETWORK
from seismic_lightning.simulation.rays import NANOSECONDS_PER_S
from seismic_lightning.simulation.request import Request
from seismic_lightning.simulation.simulator import BLOCK, Block, Simulator

WAVEFORMS = "waveforms"


def write_blocks(request: Request, blocks: Iterable[int], folder: Path) -> pd.DataFrame:
    """Simulate some blocks and write their event files.

    Args:
        request: What is simulated.
        blocks: Their numbers.
        folder: Archive that is being written; its family folders exist.

    Returns:
        The truth of their records, one row each.
    """
    simulator, names = prepared(request)
    rows = []
    for number in blocks:
        block = simulator.block(number)
        own = names.iloc[number * BLOCK : number * BLOCK + len(block.counts)]
        columns = (own[name].tolist() for name in ("file", "station", "family", "start_ns"))
        for place, (file, station, family, start_ns) in enumerate(zip(*columns, strict=True)):
            sensor = SeedId(NETWORK, station, "", family)
            (folder / file).write_bytes(miniseed_bytes(record_segments(block, place, sensor, start_ns)))
        rows.append(_truth(own, block))
    return pd.concat(rows)


@functools.lru_cache(maxsize=1)
def prepared(request: Request) -> tuple[Simulator, pd.DataFrame]:
    """Return the simulator and the named records of an archive, made once in each process.

    Args:
        request: What is simulated.
    """
    if request.earthquake is None:
        simulator = Simulator(request.settings)
    else:
        simulator = GivenEarthquake(request.settings, request.earthquake)
    return simulator, named_records(simulator)


def named_records(simulator: Simulator) -> pd.DataFrame:
    """Return ``Simulator.records()`` with each record's ``event_id`` and ``file``."""
    records = simulator.records()
    event_id = simulator.events()["event_id"].to_numpy()[records["event"]]
    files = [
        f"{WAVEFORMS}/{family}/{event}_{NETWORK}_{station}_{family}.mseed"
        for event, station, family in zip(event_id, records["station"], records["family"], strict=True)
    ]
    return records.assign(event_id=event_id, file=files)


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
        for first, stop in kept_runs(block.missing[place, row]):
            begin_ns = start_ns + round(first / rate_hz * NANOSECONDS_PER_S)
            yield Segment(seed_id, begin_ns, rate_hz, block.counts[place, row, first:stop])


def kept_runs(missing: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return ``[start, stop)`` of each run of samples that were not lost.

    Example:
        >>> kept_runs(np.array([False, False, True, False, True]))
        [(0, 2), (3, 4)]
    """
    edges = np.diff(np.concatenate([[True], missing, [True]]).astype(np.int8))
    return list(zip((edges == -1).nonzero()[0].tolist(), (edges == 1).nonzero()[0].tolist(), strict=True))


def _truth(records: pd.DataFrame, block: Block) -> pd.DataFrame:
    """Join what is known of records with what they were made of."""
    columns = [
        "file", "event_id", "station", "family", "sampling_rate_hz", "start_ns", "p_arrival_ns",
        "s_arrival_ns", "p_pick_ns", "s_pick_ns", "distance_km", "back_azimuth_deg",
    ]  # fmt: skip
    made_of = pd.DataFrame(block.truth._asdict(), index=records.index)
    return records[columns].join(made_of)
