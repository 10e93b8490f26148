"""Ways in which a node can fail, fifty requests each: what is stored is its truth, the rest is named."""

from pathlib import Path

import numpy as np
import pytest
from support.asked import AFTER_P_S, asked_of, fast
from support.fdsn_handler import S_NS, Line
from support.fdsn_service import ALWAYS, Service

from seismic_lightning.acquisition.acquire import acquire
from seismic_lightning.codes import SeedId
from seismic_lightning.records.catalogue import P_PHASES
from seismic_lightning.records.waveform import read_segments

OUTCOMES = {
    204: ("no_data", "no_data"),
    400: ("bad_request", "bad_request"),
    404: ("no_data", "no_data"),
    413: (None, "too_large"),
    429: (None, "too_busy"),
    500: (None, "server_error"),
    503: (None, "server_error"),
    "html": (None, "not_miniseed"),
    "empty": (None, "empty_body"),
    "hang": (None, "timeout"),
    "cut_declared": (None, "cut_body"),
    "cut_open": (None, "cut_body"),
    "cut_between": (None, None),
    "wrong_station": (None, "wrong_channel"),
    "duplicate": (None, None),
    "conflict": (None, "conflicting_overlap"),
}
"""Reason after a fault that occurs once and one that always occurs; None where the window is stored."""
N_FAULTS = 50


@pytest.mark.parametrize("mode", OUTCOMES, ids=str)
def test_what_is_stored_is_the_truth_and_the_rest_has_a_reason(
    mode: str | int, service: Service, tmp_path: Path
) -> None:
    windows = lines_by_file(service)
    expected: dict[str, str | None] = {}
    for number, (file, lines) in enumerate(list(windows.items())[:N_FAULTS]):
        always = number % 2
        service.faults[lines[0].place] = [mode, ALWAYS if always else 1]
        expected[file] = OUTCOMES[mode][always]
    transfer = fast(windows_per_request=1, timeout_s=0.1 if mode == "hang" else 5.0)
    summary = acquire(tmp_path / "archive", service.catalogue, asked_of(service, transfer))
    for file, lines in windows.items():
        if expected.get(file) is None:
            assert_is_truth(tmp_path / "archive" / file, lines, service)
        else:
            assert not (tmp_path / "archive" / file).exists()
    reasons = [reason for reason in expected.values() if reason is not None]
    found = {**summary.failures, **{"no_data": summary.states.get("no_data", 0)}}
    assert {name: n for name, n in found.items() if n} == {name: reasons.count(name) for name in set(reasons)}
    assert_nothing_partial(tmp_path)
    asked_again(service, tmp_path, reasons)


def test_a_window_that_fails_takes_none_of_its_request_along(service: Service, tmp_path: Path) -> None:
    modes = [mode for mode, (_, reason) in OUTCOMES.items() if reason not in (None, "no_data", "timeout")]
    windows = lines_by_file(service)
    expected: dict[str, str] = {}
    for number, (file, lines) in enumerate(windows.items()):
        event, station = divmod(number, 3)
        if station == event % 3 and event < len(modes):
            service.faults[lines[0].place] = [modes[event], ALWAYS]
            expected[file] = str(OUTCOMES[modes[event]][1])
    acquire(tmp_path / "archive", service.catalogue, asked_of(service))
    for file, lines in windows.items():
        if file not in expected:
            assert_is_truth(tmp_path / "archive" / file, lines, service)
    listed = (tmp_path / "archive" / "acquisition" / "rejections.csv").read_text().splitlines()[1:]
    assert {line.split(",")[0]: line.split(",")[3] for line in listed} == expected


def asked_again(service: Service, tmp_path: Path, reasons: list[str]) -> None:
    """Repeat: stored windows and "no data" are not asked for again; what failed is, now that all is well."""
    n_bytes, n_requests = service.n_bytes, len(service.requests)
    service.faults.clear()
    summary = acquire(tmp_path / "archive", service.catalogue, asked_of(service))
    n_failed = sum(reason != "no_data" for reason in reasons)
    assert summary.n_fetched == n_failed
    assert summary.states.get("failed", 0) == 0
    if n_failed == 0:
        assert (service.n_bytes, len(service.requests)) == (n_bytes, n_requests)


def lines_by_file(service: Service) -> dict[str, list[Line]]:
    """Return what each event file must hold, from the catalogue alone."""
    windows = {}
    for pick in service.catalogue.picks:
        origin_ns = service.catalogue.events[pick.event_id].origin_ns
        if pick.phase in P_PHASES and origin_ns is not None:
            start_ns = min(origin_ns, pick.time_ns - 10 * S_NS)
            end_ns = pick.time_ns + round(AFTER_P_S * S_NS)
            codes = [SeedId("XX", pick.station, "", f"HH{letter}") for letter in "ZNE"]
            file = f"waveforms/HH/{pick.event_id}_XX_{pick.station}_HH.mseed"
            windows[file] = [Line(code, start_ns, end_ns) for code in codes]
    return windows


def assert_is_truth(path: Path, lines: list[Line], service: Service) -> None:
    stored = {}
    for segment in read_segments(path):
        assert segment.seed_id not in stored, "the records of a channel follow each other"
        stored[segment.seed_id] = segment
    assert set(stored) == {line.seed_id for line in lines}
    for line in lines:
        [truth] = service.cut(line)
        assert stored[line.seed_id].start_ns == truth.start_ns
        np.testing.assert_array_equal(stored[line.seed_id].samples, truth.samples)


def assert_nothing_partial(folder: Path) -> None:
    assert not [path for path in folder.rglob("*") if path.name.endswith(".part")]
