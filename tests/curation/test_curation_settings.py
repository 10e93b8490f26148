"""Impossible settings are refused with the setting's name and what would be accepted."""

from collections.abc import Callable

import pytest

from seismic_lightning.curation.settings import (
    CurationSettings,
    SelectionSettings,
    SplitSettings,
    WindowSettings,
)
from seismic_lightning.errors import ConfigurationError


@pytest.mark.parametrize(
    ("make", "culprit"),
    [
        (lambda: SelectionSettings(families=["XYZ"]), "select.families has 'XYZ'"),
        (lambda: SelectionSettings(families=["hh"]), "select.families has 'hh'"),
        (lambda: SelectionSettings(families=[]), "select.families is empty"),
        (lambda: SelectionSettings(snr="db"), "select.snr='db': give one of legacy, rms"),
        (lambda: SelectionSettings(gap="none"), "select.gap='none'"),
        (lambda: SelectionSettings(unit="m"), "select.unit='m'"),
        (lambda: SelectionSettings(max_gap=1.5), "select.max_gap=1.5"),
        (lambda: SelectionSettings(max_flat_s=-1.0), "select.max_flat_s=-1.0"),
        (lambda: SelectionSettings(min_snr=float("nan")), "select.min_snr"),
        (lambda: WindowSettings(before_p_s=70.0), "window.before_p_s=70.0"),
        (lambda: WindowSettings(length_s=float("inf")), "window.length_s=inf"),
        (lambda: SplitSettings(val_fraction=0.0), "split.val_fraction=0.0"),
        (lambda: SplitSettings(seed=-1), "split.seed=-1"),
        (lambda: CurationSettings(orientation="loose"), "orientation='loose'"),
        (
            lambda: CurationSettings(
                window=WindowSettings(before_p_s=2.0), select=SelectionSettings(snr="rms")
            ),
            "select.snr=rms needs 5 s before P",
        ),
    ],
)
def test_an_impossible_setting_is_named(make: Callable[[], object], culprit: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        make()
    assert culprit in str(refused.value)


def test_all_keeps_every_family() -> None:
    assert SelectionSettings(families=["all"]).keeps_family("DP")
    assert not SelectionSettings().keeps_family("DP")
