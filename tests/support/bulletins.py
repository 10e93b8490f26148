"""Bulletins of made-up events, every value of which the format can hold without rounding."""

import numpy as np

from seismic_lightning.records.bulletin import Bulletin, parse_bulletin
from seismic_lightning.records.bulletin_writer import BulletinArrival, BulletinEvent, bulletin_text
from seismic_lightning.records.catalogue import Event

SECOND_NS = 10**9
DAY_NS = 86_400 * SECOND_NS
FIRST_NS = 1_701_651_440_400_000_000
"""2023-12-04 00:57:20.4"""


def made_events(n_events: int, seed: int = 0, n_stations: int = 5) -> list[BulletinEvent]:
    """Return events an hour apart, with P of every station and S of every second one.

    Args:
        n_events: How many.
        seed: Of places, sizes and readings.
        n_stations: Stations of each event.
    """
    rng = np.random.default_rng(seed)
    return [_made_event(number, rng, n_stations) for number in range(n_events)]


def _made_event(number: int, rng: np.random.Generator, n_stations: int) -> BulletinEvent:
    origin_ns = FIRST_NS + number * 3600 * SECOND_NS
    event = Event(
        event_id=f"{20231204000000 + number}",
        origin_ns=origin_ns,
        latitude_deg=round(rng.uniform(40.0, 41.0), 4),
        longitude_deg=round(rng.uniform(26.0, 30.0), 4),
        depth_km=round(rng.uniform(1.0, 20.0), 1),
        magnitude=round(rng.uniform(0.3, 5.0), 1),
        magnitude_type="ML",
    )
    arrivals = [
        arrival
        for station in range(n_stations)
        for arrival in _made_arrivals(f"ST{station:02d}", origin_ns, rng, with_s=station % 2 == 0)
    ]
    return BulletinEvent(event, f"PLACE {number} (MARMARA DENIZI)", tuple(arrivals))


def _made_arrivals(
    station: str, origin_ns: int, rng: np.random.Generator, *, with_s: bool
) -> list[BulletinArrival]:
    distance_deg, azimuth_deg = round(rng.uniform(0.05, 2.0), 2), float(rng.integers(360))
    p_ns = origin_ns + round(190 * distance_deg) * SECOND_NS // 10
    s_ns = origin_ns + round(330 * distance_deg) * SECOND_NS // 10
    read = {
        "amplitude_mm": round(rng.uniform(0.0, 99.0), 1),
        "magnitude": round(rng.uniform(-0.5, 5.0), 1),
        "period_s": round(rng.uniform(0.05, 1.0), 2) if with_s else None,
    }
    residual_s = round(rng.uniform(-1.0, 1.0), 1) + 0.0
    p = BulletinArrival(station, distance_deg, azimuth_deg, "Pg", p_ns, residual_s, **read)
    if not with_s:
        return [p]
    return [p, BulletinArrival(station, distance_deg, azimuth_deg, "Sg", s_ns, residual_s)]


def text_of(n_events: int = 2) -> str:
    """Return made events as a bulletin with header and STOP."""
    return bulletin_text(made_events(n_events), "made")


def parse(text: str) -> Bulletin:
    """Read a bulletin and see that every line of it is accounted for."""
    bulletin = parse_bulletin(text.encode())
    accounted(bulletin, text.encode())
    return bulletin


def accounted(bulletin: Bulletin, content: bytes) -> None:
    """See that every line is counted once, and that what was counted is what is there."""
    n_lines = len(content.splitlines())
    assert sum(bulletin.understood.values()) + len(bulletin.problems) == n_lines
    assert sum(bulletin.left_out.values()) == len(bulletin.problems)
    counts = {
        "event": len(bulletin.events),
        "origin": sum(len(event.origins) for event in bulletin.events),
        "arrival": sum(len(event.arrivals) for event in bulletin.events),
    }
    assert {kind: bulletin.understood.get(kind, 0) for kind in counts} == counts
    lines = [problem.line for problem in bulletin.problems]
    assert lines == sorted(set(lines))
