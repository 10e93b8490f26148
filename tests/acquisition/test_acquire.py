"""An archive from a node: only what lacks is fetched, nothing partial shows, refusals name the culprit."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from obspy import UTCDateTime
from support.asked import REGION, asked_of, fast
from support.fdsn_handler import S_NS
from support.fdsn_service import ALWAYS, Service

from seismic_lightning.acquisition.acquire import acquire, download_events, preview
from seismic_lightning.acquisition.settings import AcquisitionSettings, FdsnSettings, RegionSettings
from seismic_lightning.errors import AcquisitionError, ConfigurationError
from seismic_lightning.records.catalogue import Catalogue, read_quakeml
from seismic_lightning.records.waveform import read_segments

N_WINDOWS = 51
DELTA_NS = S_NS // 20
N_SHORT = 8
"""Windows whose record begins after the origin time, so that the lacking part is asked for as well."""


def contents(archive: Path) -> dict[str, bytes]:
    """Return what an archive holds, the ledger apart."""
    files = (path for path in archive.rglob("*") if path.is_file() and path.parent.name != "acquisition")
    return {path.relative_to(archive).as_posix(): path.read_bytes() for path in files}


def test_a_complete_archive_costs_no_byte(service: Service, tmp_path: Path) -> None:
    done: list[tuple[int, int]] = []
    settings = asked_of(service)
    first = acquire(tmp_path / "a", service.catalogue, settings, progress=lambda *n: done.append(n))
    assert (first.states, first.families) == ({"stored": N_WINDOWS}, {"HH": N_WINDOWS})
    assert done[-1] == (N_WINDOWS, N_WINDOWS)
    assert read_quakeml(tmp_path / "a" / "catalogue.xml").events.keys() == service.catalogue.events.keys()
    before = service.n_bytes, len(service.requests)
    again = acquire(tmp_path / "a", service.catalogue, settings)
    assert (again.n_fetched, again.states) == (0, first.states)
    assert (service.n_bytes, len(service.requests)) == before


def test_only_what_vanished_is_fetched_again(service: Service, tmp_path: Path) -> None:
    acquire(tmp_path / "a", service.catalogue, asked_of(service))
    whole = contents(tmp_path / "a")
    lost, short = sorted((tmp_path / "a" / "waveforms" / "HH").iterdir())[:2]
    lost.unlink()
    short.write_bytes(short.read_bytes()[:512])
    assert acquire(tmp_path / "a", service.catalogue, asked_of(service)).n_fetched == 2
    assert contents(tmp_path / "a") == whole


def test_a_longer_period_adds_to_the_archive(service: Service, tmp_path: Path) -> None:
    short = acquire(tmp_path / "a", service.catalogue, asked_of(service, end="2024-01-01T05:00"))
    assert short.states == {"stored": 15}
    longer = acquire(tmp_path / "a", service.catalogue, asked_of(service))
    assert (longer.n_fetched, longer.states) == (N_WINDOWS - 15, {"stored": N_WINDOWS})


def test_what_a_node_does_not_have_is_asked_for_once_more_by_itself(service: Service, tmp_path: Path) -> None:
    settings = asked_of(service)
    longer = replace(settings, fdsn=replace(settings.fdsn, after_p_s=100.0))
    assert acquire(tmp_path / "a", service.catalogue, longer).states == {"stored": N_WINDOWS}
    lines = [body.decode().splitlines() for body in service.bodies if body]
    assert len(lines) == 2 * 17
    assert all(len(line) % 3 == 0 for line in lines), "three channels each"
    spans_s = {round(_span_s(line)) for batch in lines for line in batch}
    assert min(spans_s) <= 50 < 100 < max(spans_s)


def _span_s(line: str) -> float:
    start, end = line.split()[4:]
    return float(UTCDateTime(end) - UTCDateTime(start))


def test_whole_records_of_a_node_are_cut_to_what_was_asked(service: Service, tmp_path: Path) -> None:
    acquire(tmp_path / "exact", service.catalogue, asked_of(service))
    service.whole_records = True
    acquire(tmp_path / "wide", service.catalogue, asked_of(service))
    n_larger = 0
    for name in [name for name in contents(tmp_path / "exact") if name.endswith(".mseed")]:
        wide, exact = (read_segments(tmp_path / folder / name) for folder in ("wide", "exact"))
        for one, other in zip(wide, exact, strict=True):
            first = round((other.start_ns - one.start_ns) / DELTA_NS)
            assert first in (0, 1), "a sample that lies less than one sample outside is kept"
            assert one.samples.size - other.samples.size in (0, 1, 2)
            n_larger += one.samples.size > other.samples.size
            inner = one.samples[first : first + other.samples.size]
            np.testing.assert_array_equal(inner, other.samples)
    assert n_larger > 0


CHILD = """
import pickle, sys
from pathlib import Path
from seismic_lightning.acquisition.acquire import acquire
catalogue, settings = pickle.loads(Path(sys.argv[1]).read_bytes())
acquire(Path(sys.argv[2]), catalogue, settings)
"""


def test_five_kills_leave_nothing_partial_and_the_same_archive(service: Service, tmp_path: Path) -> None:
    acquire(tmp_path / "undisturbed", service.catalogue, asked_of(service))
    service.delay_s = 0.05
    settings = asked_of(service, fast(windows_per_request=1, connections=2))
    (tmp_path / "task").write_bytes(pickle.dumps((service.catalogue, settings)))
    command = [sys.executable, "-c", CHILD, str(tmp_path / "task"), str(tmp_path / "killed")]
    whole = contents(tmp_path / "undisturbed")
    stored: list[int] = []
    for number in range(5):
        wanted = len(service.requests) + 7 + number % 2
        with subprocess.Popen(command) as child:
            while len(service.requests) < wanted and child.poll() is None:
                time.sleep(0.002)
            assert child.poll() is None, "it was to be killed on the way"
            os.kill(child.pid, signal.SIGKILL)
        seen = {name: text for name, text in contents(tmp_path / "killed").items() if not hidden(name)}
        assert all(whole[name] == text for name, text in seen.items())
        stored.append(len(seen))
    assert stored == sorted(set(stored)), "each run adds to what the ones before it stored"
    n_requests = len(service.requests)
    subprocess.run(command, check=True, timeout=60)
    assert contents(tmp_path / "killed") == whole
    n_lacking = len(whole) - stored[-1]
    again = len(service.requests) - n_requests - n_lacking
    assert again <= N_SHORT + 4, "at most what was on its way is asked again"


def hidden(name: str) -> bool:
    """Tell whether a file is one that no reader of archives sees: not yet whole."""
    return Path(name).name.startswith(".") and name.endswith(".part")


def test_a_node_that_is_down_ends_the_acquisition_and_loses_nothing(service: Service, tmp_path: Path) -> None:
    settings = asked_of(service, fast(give_up_after=3, tries=1))
    service.down = True
    with pytest.raises(AcquisitionError, match=r"went down with [45]\d of 51 windows") as refused:
        acquire(tmp_path / "a", service.catalogue, settings)
    assert refused.value.reason == "gave_up"
    service.down = False
    assert acquire(tmp_path / "a", service.catalogue, settings).states == {"stored": N_WINDOWS}


def test_a_node_that_does_not_exist_is_named(service: Service, tmp_path: Path) -> None:
    settings = asked_of(service, fast(tries=2))
    nowhere = replace(settings, fdsn=replace(settings.fdsn, node="http://127.0.0.1:9"))
    with pytest.raises(
        AcquisitionError, match=r"http://127\.0\.0\.1:9/fdsnws/station/1/query cannot be reached"
    ):
        acquire(tmp_path / "a", service.catalogue, nowhere)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda catalogue: Catalogue(catalogue.events, []), "no event of the region and period has a P pick"),
        (lambda catalogue: Catalogue({}, []), "there is nothing to ask"),
        (
            lambda catalogue: Catalogue(
                catalogue.events, [replace(pick, station="NONE") for pick in catalogue.picks]
            ),
            "unknown_station",
        ),
    ],
)
def test_a_catalogue_without_use_is_refused(
    change: Callable[[Catalogue], Catalogue], expected: str, service: Service, tmp_path: Path
) -> None:
    with pytest.raises(AcquisitionError, match=expected):
        acquire(tmp_path / "a", change(service.catalogue), asked_of(service))


def test_an_archive_of_no_window_is_refused(service: Service, tmp_path: Path) -> None:
    service.faults = {
        (f"ST{n:02d}", 473352 + hour): [204, ALWAYS] for n in range(3) for hour in range(-1, 25)
    }
    with pytest.raises(AcquisitionError, match="51 no_data"):
        acquire(tmp_path / "a", service.catalogue, asked_of(service))


def test_the_region_and_the_least_magnitude_decide_which_events(service: Service, tmp_path: Path) -> None:
    settings = asked_of(service)
    half = sorted(event.magnitude or 0.0 for event in service.catalogue.events.values())[8]
    strong = replace(settings, region=replace(REGION, min_magnitude=half))
    assert sum(preview(service.catalogue, strong).windows.values()) == 27
    west = replace(settings, region=RegionSettings(38.0, 43.0, 24.0, 24.1))
    with pytest.raises(AcquisitionError, match="there is nothing to ask"):
        acquire(tmp_path / "a", service.catalogue, west)


def test_a_preview_counts_and_writes_nothing(service: Service, tmp_path: Path) -> None:
    found = preview(service.catalogue, asked_of(service, fast(requests_per_s=1.0)))
    assert (found.windows, len(found.stations), found.n_requests) == ({"HH": N_WINDOWS}, 3, 17)
    assert found.hours == pytest.approx(17 / 3600)
    assert 10_000 < found.n_bytes / N_WINDOWS < 50_000
    assert [path for _, path in service.requests] == ["/fdsnws/station/1/query"]
    assert not list(tmp_path.iterdir())


def test_stations_without_a_pick_are_asked_for_around_the_model(service: Service, tmp_path: Path) -> None:
    picks = [pick for pick in service.catalogue.picks if pick.station != "ST01"]
    settings = asked_of(service)
    modelled = replace(settings, fdsn=replace(settings.fdsn, model_within_km=400.0))
    catalogue = Catalogue(service.catalogue.events, picks)
    assert sum(preview(catalogue, settings).windows.values()) == 34
    assert sum(preview(catalogue, modelled).windows.values()) == N_WINDOWS


def test_events_come_from_an_event_service_once(service: Service, tmp_path: Path) -> None:
    path = download_events(service.url, asked_of(service), tmp_path / "a")
    assert read_quakeml(path) == service.catalogue
    n_requests = len(service.requests)
    assert download_events(service.url, asked_of(service), tmp_path / "a") == path
    assert len(service.requests) == n_requests


def test_a_token_is_exchanged_and_never_shown(
    service: Service,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    token = tmp_path / "token"
    service.token = b"canary-token"
    token.write_bytes(service.token)
    monkeypatch.setenv("SEISMIC_EIDA_TOKEN", str(token))
    caplog.set_level("DEBUG")
    service.faults[("ST00", 473352 + 3)] = [500, ALWAYS]
    found = acquire(tmp_path / "a", service.catalogue, asked_of(service))
    assert found.states == {"stored": N_WINDOWS - 1, "failed": 1}
    paths = {path for _, path in service.requests}
    assert "/fdsnws/dataselect/1/queryauth" in paths
    assert "/fdsnws/dataselect/1/query" not in paths
    shown = [caplog.text, *capfd.readouterr(), json.dumps(found.failures)]
    kept = [path.read_bytes() for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert kept
    assert b"canary" not in b"".join([*kept, *(text.encode() for text in shown)])
    token.write_bytes(b"canary-wrong")
    (tmp_path / "a" / "waveforms" / "HH" / "sim_000_XX_ST00_HH.mseed").unlink()
    with pytest.raises(AcquisitionError, match="answered 403") as refused:
        acquire(tmp_path / "a", service.catalogue, asked_of(service))
    assert "canary" not in str(refused.value)


def test_a_token_is_not_sent_where_others_can_read_it(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seismic_lightning.acquisition.eida import credentials
    from seismic_lightning.acquisition.transport import Transport

    monkeypatch.setenv("SEISMIC_EIDA_TOKEN", str(tmp_path / "token"))
    with pytest.raises(ConfigurationError, match="unencrypted"):
        credentials(Transport(fast()), "http://example.org", "SEISMIC_EIDA_TOKEN")


@pytest.mark.parametrize(
    ("start", "end", "node", "expected"),
    [
        ("2024-01-02", "2024-01-01", "KOERI", "the start must be earlier"),
        ("yesterday", "2024-01-01", "KOERI", "start='yesterday'"),
        ("2024-01-01", "2024-01-02", "KANDILLI", "fdsn.node=KANDILLI"),
        ("2024-01-01", "2024-01-02", "ftp://example.org", "fdsn.node=ftp"),
        ("2024-01-01", "2024-01-02", None, "fdsn.node is not given"),
    ],
)
def test_periods_and_nodes_that_are_none_are_refused(
    start: str, end: str, node: str | None, expected: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        acquire(
            tmp_path / "a", Catalogue({}, []), AcquisitionSettings(start, end, REGION, FdsnSettings(node))
        )
