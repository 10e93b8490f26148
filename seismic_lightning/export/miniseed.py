"""One miniSEED file per record, named as its source: how the original practice keeps filtered waveforms."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seismic_lightning.codes import COMPONENTS, NANOSECONDS_PER_S, SeedId
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.export.form import Content
from seismic_lightning.export.names import file_names
from seismic_lightning.export.signals import Block, missing
from seismic_lightning.export.tables import METADATA_CSV, leaving, write_csv
from seismic_lightning.records.miniseed import miniseed_bytes
from seismic_lightning.records.waveform import Segment, gap_intervals

WAVEFORMS = "waveforms"
FILE_COLUMN = "trace_export_file"
"""Column of the table that names a record's file."""
ENCODINGS = {"float64": np.dtype(np.float64), "float32": np.dtype(np.float32)}


class MiniseedForm:
    """Files ``waveforms/<family>/<name>.mseed`` and a table ``metadata.csv`` that names them."""

    name = "mseed"

    def __init__(self, encoding: str = "float64") -> None:
        """Choose the precision of preprocessed samples.

        Args:
            encoding: ``float64`` or ``float32``; samples as recorded keep theirs, counts as STEIM2.

        Raises:
            ConfigurationError: Another word.
        """
        if encoding not in ENCODINGS:
            raise ConfigurationError(f"format.encoding={encoding!r}: give {' or '.join(ENCODINGS)}")
        self._dtype = ENCODINGS[encoding]

    def order(self, metadata: pd.DataFrame, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Keep the dataset's order."""
        return rows

    def write(self, folder: Path, content: Content, blocks: Iterable[Block]) -> None:
        """Write one file per record, and the table.

        Args:
            folder: Empty folder.
            content: What there is to write.
            blocks: Samples of its rows.
        """
        table = leaving(content)
        table[FILE_COLUMN] = [f"{WAVEFORMS}/{name}" for name in file_names(table)]
        for name in {Path(name).parent for name in table[FILE_COLUMN]}:
            (folder / name).mkdir(parents=True)
        for block in blocks:
            records = table.loc[block.rows].to_dict("records")
            for record, samples in zip(records, block.waveform, strict=True):
                stored = samples.astype(self._dtype) if samples.dtype == np.float64 else samples
                segments = record_segments(record, stored, block.sampling_rate_hz, content.components)
                (folder / str(record[FILE_COLUMN])).write_bytes(miniseed_bytes(segments))
        write_csv(folder / METADATA_CSV, table)


def record_segments(
    record: dict[Any, Any], samples: NDArray[Any], sampling_rate_hz: float, components: str = COMPONENTS
) -> Iterator[Segment]:
    """Turn one record into segments without gaps, timed as its channels were.

    Args:
        record: Metadata of the record.
        samples: ``(C, N)`` samples.
        sampling_rate_hz: Their rate.
        components: Letters of the components.

    Yields:
        Segments by component and time; the shift onto the common grid is taken back to the microsecond.
    """
    grid_ns = int(record["trace_start_time"].value)
    codes = (record["station_network_code"], record["station_code"], record["station_location_code"])
    pairs = zip(components, str(record["trace_components"]), samples, strict=True)
    for component, letter, trace in pairs:
        shift_s = float(record[f"trace_{component}_start_remainder_s"])
        start_ns = grid_ns + (0 if np.isnan(shift_s) else round(shift_s * NANOSECONDS_PER_S))
        seed_id = SeedId(*codes, str(record["trace_channel"]) + letter)
        for begin, end in gap_intervals(~missing(trace)):
            time_ns = start_ns + round(begin / sampling_rate_hz * NANOSECONDS_PER_S)
            part = np.ascontiguousarray(trace[begin:end])
            yield Segment(seed_id, round(time_ns / 1000) * 1000, sampling_rate_hz, part)
