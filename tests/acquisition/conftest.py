"""A small observatory and its node on the loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archive import write_archive
from support.fdsn_service import Service, serving


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a node that serves 17 earthquakes, one each hour, at three stations: 51 records at 20 Hz."""
    folder = tmp_path_factory.mktemp("node") / "archive"
    with serving(write_archive(folder, 17, 3, sampling_rates_hz=(20.0, 20.0, 20.0))) as service:
        yield service


@pytest.fixture
def service(node: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Service:
    """Return that node as if it were new; it is asked past any proxy, and as anybody."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("SEISMIC_EIDA_TOKEN", raising=False)
    node.reset()
    return node
