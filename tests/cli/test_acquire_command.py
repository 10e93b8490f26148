"""The command asks before it downloads, says what it stored, and refuses in one line."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.archive import write_archive
from support.fdsn_service import ALWAYS, Service, serving

from seismic_lightning.cli.acquire import main

RunCommand = Callable[..., None]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a node with four earthquakes at two stations."""
    folder = tmp_path_factory.mktemp("node") / "archive"
    with serving(write_archive(folder, 4, 2, sampling_rates_hz=(20.0, 20.0))) as service:
        yield service


@pytest.fixture
def asked(node: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the overrides that ask that node for everything."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    node.reset()
    transfer = ["requests_per_s=1e4", "backoff_s=0", "tries=2"]
    return [
        f"output_dir={tmp_path}",
        f"archive_dir={tmp_path}/archive",
        "start=2024-01-01",
        "end=2024-01-02",
        f"fdsn.node={node.url}",
        "fdsn.networks=[XX]",
        *(f"fdsn.transfer.{setting}" for setting in transfer),
    ]


def test_an_archive_is_acquired_once(
    asked: list[str], node: Service, run_command: RunCommand, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(main, *asked, f"events_url={node.url}", "dry_run=true")
    assert "8 windows in 4 requests" in capsys.readouterr().out
    node.faults[("ST01", 473352 + 2)] = [500, ALWAYS]
    run_command(main, *asked, f"events_url={node.url}")
    said = capsys.readouterr().out
    assert "stored HH" in said
    assert "server_error" in said
    assert "warning: 1 of 8 windows failed" in said
    node.faults.clear()
    run_command(main, *asked, f"events_url={node.url}")
    assert "stored HH" in capsys.readouterr().out
    run_command(main, *asked, f"events_url={node.url}")
    assert "Complete: 8 windows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "give catalogue=<file>, bulletins=<file or folder>, or events_url="),
        (["catalogue=none.xml"], "none.xml"),
        (["catalogue=a", "events_url=KOERI"], "exclude each other"),
        (["start=null"], "needs start= and end="),
        (["archive_dir=null"], "archive_dir=<folder"),
        (["region=custom"], "the region lacks region.min_latitude_deg"),
        (["data=archive"], "only data=koeri is acquired"),
        (["fdsn.transfer.connections=9"], "fdsn.transfer.connections=9: give 1 to 4"),
        (["events_url=KOERIX"], "events_url=KOERIX"),
        (["fdsn.transfer.tries=abc"], "fdsn.transfer.tries=abc"),
        (["fdsn.nodes=KOERI"], "did you mean 'fdsn.node'?"),
    ],
)
def test_what_cannot_be_acquired_ends_in_one_line(
    arguments: list[str], expected: str, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["seismic-acquire", *asked, *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert isinstance(stopped.value.code, str), "a text makes the exit code 1"
    assert expected in stopped.value.code
    assert "\n" not in stopped.value.code
