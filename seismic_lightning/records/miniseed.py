"""Writing of miniSEED: counts as a digitizer sends them, in short STEIM2 records; other samples as floats.

A gap is written as one: the next record simply starts later. STEIM2 stores differences, so that quiet
seconds take little more than a byte per sample, and reading gives back the very same integers.

References:
    FDSN (2012), SEED Reference Manual v2.4, Appendix B: The Steim Compression Algorithm.
"""

from collections.abc import Iterable

import numpy as np

from seismic_lightning.records.waveform import Segment

RECORD_BYTES = 512
"""Length of one data record, as digitizers in the field send them."""
FLOAT_RECORD_BYTES = 4096
"""Length of one data record of processed samples, which no digitizer sends: fewer headers."""
STEIM2_REACH = 2**29
"""Differences of this size and above do not fit the 30 bits of a STEIM2 word."""

_CODINGS = {"i4": ("i", "STEIM2"), "f4": ("f", "FLOAT32"), "f8": ("d", "FLOAT64")}
"""libmseed's sample type and the encoding, by NumPy's type."""


def miniseed_bytes(segments: Iterable[Segment]) -> bytes:
    """Return segments as the content of a miniSEED 2 file.

    Args:
        segments: Segments in the order in which they are to be written; those of one channel must not
            overlap. Samples of int32 are written as STEIM2, of float32 and float64 as they are.

    Returns:
        Whole data records, one segment after the other.
    """
    import pymseed  # here: loads a C library that commands without waveforms do not need

    content = bytearray()
    for segment in segments:
        sample_type, encoding = _CODINGS[segment.samples.dtype.str[1:]]
        if sample_type == "i" and _leaps(segment):
            encoding = "INT32"
        traces = pymseed.MS3TraceList()
        traces.add_data(
            pymseed.nslc2sourceid(*segment.seed_id),
            segment.samples,
            sample_type,
            segment.sampling_rate_hz,
            starttime=segment.start_ns,
        )
        records = traces.generate(
            max_record_length=RECORD_BYTES if sample_type == "i" else FLOAT_RECORD_BYTES,
            encoding=pymseed.DataEncoding[encoding],
            format_version=2,
        )
        for record in records:
            content += record
    return bytes(content)


def _leaps(segment: Segment) -> bool:
    """Tell whether two neighbouring counts, or the first and zero, are too far apart for STEIM2."""
    steps = np.diff(segment.samples.astype(np.int64), prepend=0)
    return bool(np.abs(steps).max(initial=0) >= STEIM2_REACH)
