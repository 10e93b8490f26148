"""How a node is talked to: waits, rates, connections, and refusals that no second try can change."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest
from support.asked import asked_of, fast
from support.fdsn_service import Service

from seismic_lightning.acquisition.acquire import acquire
from seismic_lightning.acquisition.nodes import base_url, service_url
from seismic_lightning.acquisition.pace import retry_after_s
from seismic_lightning.acquisition.settings import TransferSettings
from seismic_lightning.acquisition.transport import Query, Transport
from seismic_lightning.errors import AcquisitionError, ConfigurationError

LINE = b"XX ST00 -- HHZ 2024-01-01T01:00:10 2024-01-01T01:00:20"
PLACE = ("ST00", 473353)


def ask(service: Service, transfer: TransferSettings) -> int:
    """Ask for ten seconds of one channel; returns how often that was asked."""
    query = Query(service_url(service.url, "dataselect"), body=LINE)
    transport = Transport(transfer)
    try:
        return transport.fetch(query, lambda body: body).tries
    finally:
        transport.close()


def test_a_wait_that_the_node_asks_for_is_kept(service: Service) -> None:
    service.faults[PLACE], service.retry_after = [429, 1], "1"
    assert ask(service, fast(backoff_s=0.0)) == 2
    first, second = (moment for moment, _ in service.requests)
    assert second - first >= 1.0


def test_a_wait_longer_than_allowed_ends_the_request_at_once(service: Service) -> None:
    service.faults[PLACE], service.retry_after = [503, 1], "3600"
    with pytest.raises(AcquisitionError, match="answered 503"):
        ask(service, fast())
    assert len(service.requests) == 1


def test_waits_double_and_vary_with_the_seed(service: Service) -> None:
    def gaps_s(seed: int) -> list[float]:
        service.reset()
        service.faults[PLACE] = [500, 3]
        assert ask(service, fast(tries=4, backoff_s=0.05, seed=seed)) == 4
        moments = [moment for moment, _ in service.requests]
        return [after - before for before, after in pairwise(moments)]

    first = gaps_s(0)
    bounds_s = [(0.025 * 2**n, 0.075 * 2**n) for n in range(3)]
    assert all(low <= gap < high + 0.1 for gap, (low, high) in zip(first, bounds_s, strict=True))
    assert gaps_s(0) == pytest.approx(first, abs=0.02)
    assert max(abs(a - b) for a, b in zip(first, gaps_s(1), strict=True)) > 0.02


def test_dates_serve_as_waits() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 85 < (retry_after_s({"Retry-After": later}) or 0) <= 90
    assert retry_after_s({"Retry-After": format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)}) == 0
    assert retry_after_s({"Retry-After": "soon"}) is None


def test_connections_and_rate_are_bounded(service: Service, tmp_path: Path) -> None:
    service.delay_s = 0.02
    begun_s = time.monotonic()
    settings = asked_of(service, fast(connections=4, windows_per_request=1, requests_per_s=50.0))
    acquire(tmp_path / "a", service.catalogue, settings)
    assert 1 <= service.most_open <= 4
    assert time.monotonic() - begun_s >= (len(service.requests) - 2) / 50.0


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "bad_request"), (413, "too_large"), (302, "redirected")]
)
def test_a_refusal_for_good_is_not_tried_again(status: int, reason: str, service: Service) -> None:
    service.faults[PLACE] = [status, 10]
    with pytest.raises(AcquisitionError) as refused:
        ask(service, fast())
    assert refused.value.reason == reason
    assert len(service.requests) == 1


def test_an_answer_that_trickles_is_given_up(service: Service) -> None:
    service.faults[PLACE] = ["trickle", 1]
    with pytest.raises(AcquisitionError) as refused:
        ask(service, fast(tries=1, longest_s=0.1))
    assert refused.value.reason == "timeout"


def test_nodes_are_addresses_or_names_of_obspy() -> None:
    assert base_url("koeri", "fdsn.node") == "https://eida.koeri.boun.edu.tr"
    assert base_url("http://127.0.0.1:8080/fdsnws/", "fdsn.node") == "http://127.0.0.1:8080"
    with pytest.raises(ConfigurationError, match=r"fdsn\.node"):
        base_url("https://me:secret@example.org", "fdsn.node")


@pytest.mark.parametrize(
    ("name", "value"),
    [("connections", 5), ("connections", 0), ("tries", 0), ("requests_per_s", 0.0), ("timeout_s", -1.0)],
)
def test_settings_that_no_node_can_stand_are_refused(name: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match=rf"fdsn\.transfer\.{name}={value}"):
        TransferSettings(**{name: value})  # type: ignore[arg-type]
