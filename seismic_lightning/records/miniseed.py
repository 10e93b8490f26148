"""Writing of miniSEED: counts as a digitizer sends them, in short STEIM2 records.

A gap is written as one: the next record simply starts later. STEIM2 stores differences, so that quiet
seconds take little more than a byte per sample, and reading gives back the very same integers.

References:
    FDSN (2012), SEED Reference Manual v2.4, Appendix B: The Steim Compression Algorithm.
"""

from collections.abc import Iterable

from seismic_lightning.records.waveform import Segment

RECORD_BYTES = 512
"""Length of one data record, as digitizers in the field send them."""


def miniseed_bytes(segments: Iterable[Segment]) -> bytes:
    """Return segments as the content of a miniSEED 2 file.

    Args:
        segments: Segments of int32 samples in the order in which they are to be written; those of one channel
            must not overlap.

    Returns:
        Whole data records, one segment after the other.
    """
    import pymseed  # here: loads a C library that commands without waveforms do not need

    content = bytearray()
    for segment in segments:
        traces = pymseed.MS3TraceList()
        traces.add_data(
            pymseed.nslc2sourceid(*segment.seed_id),
            segment.samples,
            "i",
            segment.sampling_rate_hz,
            starttime=segment.start_ns,
        )
        records = traces.generate(
            max_record_length=RECORD_BYTES, encoding=pymseed.DataEncoding.STEIM2, format_version=2
        )
        for record in records:
            content += record
    return bytes(content)
