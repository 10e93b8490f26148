import numpy as np
import pytest
import torch
from support.fake_datamodule import FakeDataModule

from seismic_lightning.callbacks.figure import Comparison, draw, to_pixels
from seismic_lightning.callbacks.reconstructions import compare


@pytest.fixture
def comparison() -> Comparison:
    """Return a record and a reconstruction that is one scaled unit too strong everywhere."""
    module = FakeDataModule(n_freqs=129, n_frames=110)
    spectrogram = module.everything.spectrogram[3]
    return compare(module, 3, spectrogram, spectrogram + 1)  # type: ignore[arg-type]


def test_values_are_decibels_seconds_and_hertz(comparison: Comparison) -> None:
    front = FakeDataModule(n_freqs=129, n_frames=110).front
    assert front.scaling is not None
    std = front.scaling.constants.std
    np.testing.assert_allclose(comparison.reconstruction_db - comparison.input_db, 20 * std, rtol=1e-4)
    assert comparison.frequencies_hz[-1] == 50.0  # half of 100 Hz
    assert comparison.times_s[-1] == pytest.approx(109 * 64 / 100)
    assert comparison.title == "KO.STA1   M 1.8   event event01"


def test_axes_and_colour_bars_carry_their_units(comparison: Comparison) -> None:
    figure = draw(comparison)
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == 9
    labels = {axes.get_ylabel() for axes in figure.axes}
    assert {"Z   Frequency (Hz)", "N   Frequency (Hz)", "E   Frequency (Hz)"} <= labels
    assert {"Amplitude (dB re 1 count)", "Difference (dB)"} <= labels
    assert {axes.get_xlabel() for axes in panels} == {"", "Time in record (s)"}
    assert sum(axes.get_xlabel() == "Time in record (s)" for axes in panels) == 3
    for axes in panels:
        low_hz, high_hz = axes.get_ylim()
        assert low_hz == 0.0
        assert high_hz == pytest.approx(50.0, abs=0.3)  # half a bin more


def test_input_and_reconstruction_share_their_colours(comparison: Comparison) -> None:
    panels = [axes.images[0] for axes in draw(comparison).axes if axes.images]
    assert len({image.get_clim() for image in panels[:6]}) == 1
    low_db, high_db = panels[-1].get_clim()
    assert low_db == -high_db


@pytest.mark.parametrize(("unit", "reference"), [("mps", "1 m/s"), ("mps2", "1 m/s²")])
def test_the_colour_bar_names_the_unit(unit: str, reference: str, comparison: Comparison) -> None:
    labels = {axes.get_ylabel() for axes in draw(comparison._replace(unit=unit)).axes}
    assert f"Amplitude (dB re {reference})" in labels


def test_a_perfect_reconstruction_and_a_single_frame_can_be_drawn(comparison: Comparison) -> None:
    one = comparison._replace(
        input_db=comparison.input_db[..., :1],
        reconstruction_db=comparison.input_db[..., :1],
        times_s=comparison.times_s[:1],
    )
    pixels = to_pixels(draw(one))
    assert pixels.shape == (720, 1300, 3)
    assert pixels.dtype == np.uint8
    assert pixels.std() > 0


def test_an_unknown_magnitude_is_said() -> None:
    module = FakeDataModule()
    module.dataset.metadata.loc[0, "source_magnitude"] = float("nan")
    spectrogram = torch.zeros(3, 33, 17)
    assert "M unknown" in compare(module, 0, spectrogram, spectrogram).title  # type: ignore[arg-type]


def test_a_record_of_one_component_fills_one_row() -> None:
    module = FakeDataModule(n_freqs=33, n_frames=17, n_components=1)
    spectrogram = module.everything.spectrogram[3]
    figure = draw(compare(module, 3, spectrogram, spectrogram + 1))  # type: ignore[arg-type]
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == 3
    assert {axes.get_ylabel() for axes in panels} == {"Z   Frequency (Hz)", ""}
    assert all(axes.get_xlabel() == "Time in record (s)" for axes in panels)
