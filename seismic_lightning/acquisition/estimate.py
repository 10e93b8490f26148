"""How much a plan asks for, without asking for it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from seismic_lightning.acquisition.plan import LeftOut, Window
from seismic_lightning.acquisition.settings import TransferSettings
from seismic_lightning.codes import NANOSECONDS_PER_S

RATES_HZ = {"H": 100.0, "E": 100.0, "B": 50.0, "S": 50.0, "C": 250.0, "M": 5.0, "L": 1.0}
"""Usual sampling rates by band code."""
BYTES_PER_SAMPLE = 1.4
"""Of STEIM2, for earthquake records of the Marmara network with 24 bits."""
LATENCY_S = 0.5
"""What an answer takes at least, for the estimate of hours."""


@dataclass
class Estimate:
    """What a plan asks for.

    Attributes:
        windows: Number of windows by family.
        stations: Stations asked for.
        left_out: Number of picks and events that no window is asked for, by reason.
        n_requests: HTTP requests, if each is answered at once and in full.
        n_bytes: Expected size of the answers.
        hours: At the configured rate, or at the number of connections if these are slower.
    """

    windows: Counter[str] = field(default_factory=Counter)
    stations: set[tuple[str, str]] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)
    n_requests: int = 0
    n_bytes: float = 0.0
    hours: float = 0.0


def estimate(entries: Iterable[Window | LeftOut], transfer: TransferSettings) -> Estimate:
    """Count a plan as it comes.

    Args:
        entries: From ``plan_windows``.
        transfer: Windows per request, and how fast requests may follow each other.

    Returns:
        The counts.
    """
    found = Estimate()
    event, in_request = "", 0
    for entry in entries:
        if isinstance(entry, LeftOut):
            found.left_out[entry.reason] += 1
            continue
        found.windows[entry.family] += 1
        found.stations.add((entry.network, entry.station))
        if entry.event != event or in_request == transfer.windows_per_request:
            event, in_request = entry.event, 0
            found.n_requests += 1
        in_request += 1
        duration_s = (entry.end_ns - entry.start_ns) / NANOSECONDS_PER_S
        rate_hz = RATES_HZ.get(entry.family[0], 100.0)
        found.n_bytes += len(entry.channels) * duration_s * rate_hz * BYTES_PER_SAMPLE
    per_s = min(transfer.requests_per_s, transfer.connections / LATENCY_S)
    found.hours = found.n_requests / per_s / 3600.0
    return found
