"""Damaged files end in one exception type, in time; what is read of a bulletin accounts for every line.

``pytest tests/records/test_mutants.py --mutants 10000`` damages more of them.
"""

import os
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.bulletins import accounted, made_events
from support.mutants import mutants

from seismic_lightning.codes import SeedId
from seismic_lightning.errors import ArchiveError, WaveformError
from seismic_lightning.records.bulletin import parse_bulletin
from seismic_lightning.records.bulletin_writer import bulletin_text
from seismic_lightning.records.miniseed import miniseed_bytes
from seismic_lightning.records.waveform import Segment, read_segments

LIMIT_S = 5.0
REAL_DATA = os.environ.get("SEISMIC_REAL_DATA")
needs_real_data = pytest.mark.skipif(
    REAL_DATA is None, reason="SEISMIC_REAL_DATA is not set: no real bulletin to damage"
)
REASONS = {"unreadable", "damaged", "empty_file", "no_samples"}


def made_bulletin() -> bytes:
    return bulletin_text(made_events(3), "made").encode()


def real_bulletin() -> bytes:
    content = (Path(str(REAL_DATA)) / "gemlik_2023" / "bulletin_20231204.txt").read_bytes()
    return b"EVENT".join(content.split(b"EVENT")[:4])


@pytest.mark.parametrize("source", [made_bulletin, pytest.param(real_bulletin, marks=needs_real_data)])
def test_mutants_of_bulletins_account_for_every_line(
    source: Callable[[], bytes], request: pytest.FixtureRequest
) -> None:
    sound = source()
    n_lost, n_with_problems = 0, 0
    for content in mutants(sound, request.config.getoption("--mutants"), seed=1, text=True):
        start = time.perf_counter()
        try:
            bulletin = parse_bulletin(content)
        except ArchiveError:
            n_lost += 1
            continue
        accounted(bulletin, content)
        assert len(bulletin.catalogue().picks) == bulletin.understood.get("arrival", 0)
        ET.fromstring(bulletin.quakeml())
        assert time.perf_counter() - start < LIMIT_S
        n_with_problems += bool(bulletin.problems)
    assert n_with_problems > n_lost > 0


def made_miniseed() -> bytes:
    rng = np.random.default_rng(0)
    return miniseed_bytes(
        Segment(
            SeedId("KO", "ADVT", "", f"HH{component}"),
            1_701_651_440_400_000_000,
            100.0,
            np.cumsum(rng.integers(-300, 300, 1500)).astype(np.int32),
        )
        for component in "ZNE"
    )


def test_mutants_of_miniseed_end_as_segments_or_by_name(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / "event.mseed"
    n_read, n_refused = 0, 0
    for content in mutants(made_miniseed(), request.config.getoption("--mutants"), seed=1, text=False):
        path.write_bytes(content)
        start = time.perf_counter()
        try:
            assert read_segments(path)
            n_read += 1
        except WaveformError as error:
            assert error.reason in REASONS  # noqa: PT017 - the reason is what is tested
            n_refused += 1
        assert time.perf_counter() - start < LIMIT_S
    assert n_read > 0
    assert n_refused > 0
