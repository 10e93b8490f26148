"""Reading of GSE2.0 bulletins: our tolerant reader against ObsPy's, on a bulletin that both understand.

Events have as many arrivals as Kandilli's on an average day. ObsPy's reader gets a share of the events, as it
takes minutes for all of them; what counts is the time per event. Both must find the same picks.

Run with ``python -m benchmarks.bulletin``.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from obspy import read_events
from rich.table import Table

from benchmarks.goal import Goal, cells, keep
from benchmarks.usage import tell_usage
from seismic_lightning.cli.console import say
from seismic_lightning.records.bulletin import read_bulletin
from seismic_lightning.records.bulletin_writer import BulletinArrival, BulletinEvent, bulletin_text
from seismic_lightning.records.catalogue import Event

GOAL = Goal(10.0)
N_EVENTS, N_OBSPY_EVENTS, N_ARRIVALS = 10_000, 500, 17
ROUNDS = 3
FIRST_NS, HOUR_NS, SECOND_NS = 1_704_067_200_000_000_000, 3_600_000_000_000, 1_000_000_000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole, share = Path(folder) / "whole.txt", Path(folder) / "share.txt"
        events = list(made_events(N_EVENTS))
        whole.write_text(bulletin_text(events, "made"), encoding="ascii")
        share.write_text(bulletin_text(events[:N_OBSPY_EVENTS], "made"), encoding="ascii")
        check(share)
        ours_s = best(lambda: read_bulletin(whole))
        obspy_s = best(lambda: read_events(str(share), format="GSE2"))
        n_mib = whole.stat().st_size / 2**20
    table = Table(
        "reader", "events", "seconds", "events per second", "ratio", "goal", "verdict",
        title=f"GSE2.0 bulletin, {N_ARRIVALS} arrivals per event, best of {ROUNDS} ({n_mib:.0f} MiB in all)",
    )  # fmt: skip
    ours, obspy = N_EVENTS / ours_s, N_OBSPY_EVENTS / obspy_s
    table.add_row("obspy", f"{N_OBSPY_EVENTS}", f"{obspy_s:.2f}", f"{obspy:.0f}", "1.0", "", "")
    ratio = ours / obspy
    table.add_row(
        "read_bulletin", f"{N_EVENTS}", f"{ours_s:.2f}", f"{ours:.0f}", f"{ratio:.1f}", *cells(GOAL, ratio)
    )
    say(table)
    keep("bulletin, against ObsPy", f"{ours:.0f} events/s", f"{obspy:.0f} events/s", ratio, GOAL)


def made_events(n_events: int, seed: int = 0) -> Iterator[BulletinEvent]:
    """Yield events an hour apart."""
    rng = np.random.default_rng(seed)
    for number in range(n_events):
        origin_ns = FIRST_NS + number * HOUR_NS
        latitude_deg, longitude_deg = rng.uniform(40.0, 41.0), rng.uniform(26.0, 30.0)
        event = Event(
            f"{20240101000000 + number}",
            origin_ns,
            latitude_deg,
            longitude_deg,
            rng.uniform(1.0, 20.0),
            2.1,
            "ML",
        )
        arrivals = tuple(
            BulletinArrival(
                f"ST{place:02d}",
                distance_deg,
                rng.uniform(0.0, 360.0),
                "Pg",
                origin_ns + round(19.0 * distance_deg * SECOND_NS),
                rng.normal(0.0, 0.3),
                amplitude_mm=rng.uniform(0.0, 9.0),
                magnitude=2.1,
            )
            for place, distance_deg in enumerate(np.sort(rng.uniform(0.05, 2.0, N_ARRIVALS)).tolist())
        )
        yield BulletinEvent(event, "GEMLIK KORFEZI (MARMARA DENIZI)", arrivals)


def check(path: Path) -> None:
    """Refuse to compare readers that find different picks."""
    bulletin = read_bulletin(path)
    ours = [(pick.station, pick.phase, pick.time_ns) for pick in bulletin.catalogue().picks]
    theirs = [
        (pick.waveform_id.station_code, pick.phase_hint, pick.time.ns)
        for event in read_events(str(path), format="GSE2")
        for pick in event.picks
    ]
    if bulletin.problems or ours != theirs:
        raise RuntimeError("the two readers find different picks")


def best(work: Callable[[], object]) -> float:
    """Return the least processor time of several rounds, seconds."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


if __name__ == "__main__":
    tell_usage(__doc__)
    main()
