"""Times in flat layers: against TauP, against a bulletin, and in closed form."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from obspy.taup import TauPyModel
from obspy.taup.taup_create import build_taup_model

from seismic_lightning.records.travel_time import KOERI, LayeredModel, phase_label

REAL_DATA = os.environ.get("SEISMIC_REAL_DATA")


def test_one_layer_is_a_straight_line() -> None:
    arrivals = LayeredModel((0.0,), (6.0,), 1.7).arrivals([0.0, 30.0], 40.0)
    np.testing.assert_allclose(arrivals.p_s, [40 / 6, 50 / 6])
    np.testing.assert_allclose(arrivals.s_s, 1.7 * arrivals.p_s)
    np.testing.assert_allclose(arrivals.ray_parameter_s_per_km, [0.0, 30 / 50 / 6], atol=1e-9)


def test_a_head_wave_has_its_textbook_time() -> None:
    """Source at the surface of one layer: t = x / v2 + 2 h cos(critical angle) / v1."""
    model = LayeredModel((0.0, 10.0), (5.0, 8.0), 1.73)
    arrivals = model.arrivals(200.0, 0.0)
    expected = 200 / 8 + 2 * 10 * np.sqrt(1 - (5 / 8) ** 2) / 5
    assert arrivals.p_s == pytest.approx(expected, abs=0.01)  # the source is put at 50 m
    assert arrivals.head
    assert arrivals.ray_parameter_s_per_km == pytest.approx(1 / 8)


@pytest.fixture(scope="module")
def taup(tmp_path_factory: pytest.TempPathFactory) -> TauPyModel:
    """Return the same layers on a sphere."""
    folder = tmp_path_factory.mktemp("taup")
    edges_km = [*KOERI.tops_km, 2889.0]
    lines: list[str] = []
    for top, bottom, velocity in zip(edges_km[:-1], edges_km[1:], KOERI.vp_km_s, strict=True):
        lines += [f"{depth} {velocity} {velocity / KOERI.vp_vs:.5f} 3.0" for depth in (top, bottom)]
        lines += ["mantle"] if bottom == 31.6 else []
    lines += ["outer-core", "2889.0 8.0 0.0 10.0", "5153.9 10.0 0.0 12.0"]
    lines += ["inner-core", "5153.9 11.0 3.5 13.0", "6371.0 11.3 3.7 13.0"]
    (folder / "flat.nd").write_text("\n".join(lines) + "\n", encoding="utf-8")
    build_taup_model(str(folder / "flat.nd"), output_folder=str(folder), verbose=False)
    return TauPyModel(str(folder / "flat.npz"))


@pytest.mark.parametrize("depth_km", [2.0, 9.0, 20.0])
@pytest.mark.parametrize("distance_km", [5.0, 40.0, 100.0, 160.0])
def test_times_are_those_of_taup(taup: TauPyModel, depth_km: float, distance_km: float) -> None:
    theirs = taup.get_travel_times(depth_km, distance_km / 111.195, ["p", "P", "Pn", "Pg", "Pdiff"])
    # The sphere's curvature shortens a path along the Moho by half a percent.
    assert KOERI.arrivals(distance_km, depth_km).p_s == pytest.approx(theirs[0].time, rel=0.006, abs=0.02)


def test_times_grow_with_distance_and_never_faster_than_the_slowness() -> None:
    distance_km = np.linspace(0.0, 250.0, 2001)
    arrivals = KOERI.arrivals(distance_km, 8.0)
    slowness = np.diff(arrivals.p_s) / np.diff(distance_km)
    assert (slowness >= -1e-9).all()
    middle = 0.5 * (arrivals.ray_parameter_s_per_km[1:] + arrivals.ray_parameter_s_per_km[:-1])
    same = arrivals.head[1:] == arrivals.head[:-1]
    np.testing.assert_allclose(slowness[same], middle[same], atol=2e-3)


def test_shapes_broadcast() -> None:
    assert KOERI.arrivals(np.ones((4, 1)), np.ones(3)).p_s.shape == (4, 3)


def test_the_first_arrival_is_named_as_analysts_do() -> None:
    assert [phase_label(kilometres) for kilometres in (119.5, 122.9)] == ["Pg", "Pn"]


@pytest.mark.skipif(REAL_DATA is None, reason="SEISMIC_REAL_DATA is not set")
@pytest.mark.parametrize(("phase", "median_s"), [("Pg", 0.06), ("Sg", 0.09), ("Pn", 0.12)])
def test_the_observatory_computes_with_this_model(phase: str, median_s: float) -> None:
    rows = np.array([row[1:] for row in bulletin_rows() if row[0] == phase])
    distance_km, depth_km, computed_s = rows.T
    arrivals = KOERI.arrivals(distance_km, depth_km)
    misfit_s = computed_s - (arrivals.s_s if phase == "Sg" else arrivals.p_s)
    # Times are given to 0.1 s and distances to 0.01 degrees.
    assert np.median(np.abs(misfit_s)) < median_s


def bulletin_rows() -> Iterator[tuple[str, float, float, float]]:
    """Yield phase, distance in km, depth in km, and computed travel time: observed minus residual."""
    assert REAL_DATA is not None
    text = (Path(REAL_DATA) / "gemlik_2023" / "bulletin_20231204.txt").read_text(encoding="latin-1")
    origin_s = depth_km = 0.0
    for line in text.splitlines():
        if re.match(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d", line):
            origin_s, depth_km = seconds(line[:21]), float(line[47:52])
        elif re.match(r"\d{4}/\d\d/\d\d \d\d:", line[31:45]) and line[53:58].strip():
            computed_s = seconds(line[31:52]) - origin_s - float(line[53:58])
            yield line[23:30].strip(), float(line[6:12]) * 111.195, depth_km, computed_s


def seconds(text: str) -> float:
    return datetime.strptime(text.strip(), "%Y/%m/%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp()
