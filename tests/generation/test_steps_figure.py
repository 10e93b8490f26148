"""The figure of steps: one scale for all, and each row at its place."""

import numpy as np
import pandas as pd
import pytest

from seismic_lightning.generation.between import WEIGHT_COLUMN
from seismic_lightning.generation.steps_figure import StepsToDraw, draw_steps


def to_draw(peaks: list[float], components: str = "ZNE") -> StepsToDraw:
    """Return steps whose waveforms are ramps up to given peaks."""
    n_steps, times_s, frequencies_hz = len(peaks), np.arange(0.0, 8.0), np.arange(0.0, 50.0)
    ramp = np.linspace(-1.0, 1.0, 701, dtype=np.float32)
    waveforms = np.array(peaks, dtype=np.float32)[:, None, None] * ramp[None, None]
    weights = np.linspace(0.0, 1.0, n_steps)
    return StepsToDraw(
        title="Synthetic",
        metadata=pd.DataFrame(
            {WEIGHT_COLUMN: weights, "source_magnitude": 2.0 + weights, "station_code": "ISK"}
        ),
        waveforms=np.repeat(waveforms, len(components), axis=1),
        levels_db=np.arange(n_steps, dtype=np.float32)[:, None, None]
        + np.zeros((n_steps, 50, 8), np.float32),
        times_s=times_s,
        frequencies_hz=frequencies_hz,
        shown_to_hz=30.0,
        rate_hz=100.0,
        before_p_s=2.0,
        s_after_p_s=np.linspace(1.5, 2.5, n_steps),
        unit="mps",
        components=components,
    )


@pytest.mark.parametrize("components", ["ZNE", "Z"])
def test_all_rows_share_one_scale_and_tell_their_own_peaks(components: str) -> None:
    figure = draw_steps(to_draw([1e-6, 4e-6, 2e-6], components))
    panels = figure.axes[: len(components)]
    assert [panel.get_title() for panel in panels] == list(components)
    for panel in panels:
        traces = [line.get_ydata() for line in panel.lines if len(line.get_ydata()) == 701]  # type: ignore[arg-type]
        heights = [float(np.ptp(np.asarray(trace))) for trace in traces]
        assert heights == pytest.approx([0.24, 0.96, 0.48])
        assert [float(np.mean(np.asarray(trace))) for trace in traces] == pytest.approx([0, 1, 2], abs=1e-6)
        assert [text.get_text() for text in panel.texts] == ["1", "4", "2"], "in µm/s"
        assert panel.get_ylim() == (2.5, -0.5), "the source is at the top"
    labels = [label.get_text() for label in panels[0].get_yticklabels()]
    assert [label.splitlines()[0] for label in labels] == ["0 %   M 2.0", "50 %   M 2.5", "100 %   M 3.0"]


def test_each_spectrogram_stands_in_the_row_of_its_step() -> None:
    images = draw_steps(to_draw([1.0, 1.0, 1.0])).axes[3].images
    assert [float(np.asarray(image.get_array()).mean()) for image in images] == [0.0, 1.0, 2.0]
    assert [tuple(image.get_extent())[2:] for image in images] == [(0.5, -0.5), (1.5, 0.5), (2.5, 1.5)]
    assert np.asarray(images[0].get_array()).shape == (31, 8), "bins from 0 to 30 Hz"
    assert tuple(images[0].get_extent())[:2] == (-2.5, 5.5), "P is at 0"


def test_p_and_s_are_marked_in_each_row_of_every_panel() -> None:
    steps = to_draw([1e-6, 4e-6, 2e-6])
    figure = draw_steps(steps._replace(s_after_p_s=np.array([1.5, np.nan, 2.5])))
    for panel in figure.axes[:4]:
        p, s = ([np.asarray(part.vertices) for part in marks.get_paths()] for marks in panel.collections)
        assert [tuple(part[0]) for part in p] == [(0.0, -0.5), (0.0, 0.5), (0.0, 1.5)]
        known = [tuple(part[0]) for part in s if np.isfinite(part).all()]
        assert known == [(1.5, -0.5), (2.5, 1.5)], "none where it is unknown"
    assert any("±4 µm/s high" in text.get_text() for text in figure.texts)


def test_silence_is_drawn() -> None:
    assert draw_steps(to_draw([0.0, 0.0])).axes[0].lines
