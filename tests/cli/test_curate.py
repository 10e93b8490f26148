"""``seismic-curate`` on archives whose parts lie anywhere, and the figure of what it cut out."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from obspy import Stream, read
from support.archive import without, write_archive

from seismic_lightning.cli.curate import main
from seismic_lightning.curation.build import curate
from seismic_lightning.curation.figure import P_COLOUR, S_COLOUR, draw_events, save_events
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.curation.store import open_dataset

RunCommand = Callable[..., None]
SHORT = CurationSettings(window=WindowSettings(length_s=20.0), select=SelectionSettings(min_snr=0.0))


def test_parts_from_anywhere_become_a_dataset_of_the_vertical_with_a_figure(
    day_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_command: RunCommand
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(day_archive / "catalogue.xml", "events.qml")
    stations = "#Network|Station|Latitude|Longitude|Elevation|SiteName|StartTime|EndTime"
    rows = [f"XX|ST{number:02d}|40.5|28.8|10.0|somewhere|2000-01-01T00:00:00|" for number in range(3)]
    Path("stations.txt").write_text("\n".join([stations, *rows, ""]))
    Path("data").mkdir()
    vertical = Stream()
    for path in sorted(day_archive.glob("waveforms/HH/*.mseed")):
        vertical += read(str(path), format="MSEED").select(component="Z")
    vertical.write("data/all.mseed", format="MSEED", encoding="STEIM2")
    run_command(
        main,
        "catalogue=events.qml",
        "stations=stations.txt",
        "waveforms=data",
        "layout=continuous",
        "components=Z",
        "window.length_s=20",
        "select.min_snr=0",
        "dataset_dir=dataset",
        "figure=figures/events.png",
    )
    dataset = open_dataset(tmp_path / "dataset")
    assert (len(dataset), dataset.components) == (36, "Z")
    assert set(dataset.metadata["trace_file"]) == {"data/all.mseed"}
    assert Path("figures/events.png").stat().st_size > 10_000


def lines(figure: Figure, colour: str, panel: int) -> list[float]:
    """Return where lines of a colour stand in one column of panels."""
    from matplotlib.colors import to_rgba

    found = []
    for axes in figure.axes[panel::3]:
        for collection in axes.collections:
            if np.allclose(np.asarray(collection.get_edgecolor())[0], to_rgba(colour)):
                found.append(float(np.asarray(collection.get_paths()[0].vertices)[0, 0]))
    return found


def test_lines_stand_on_the_onsets(day_dataset: Path) -> None:
    dataset = open_dataset(day_dataset)
    figure = draw_events(dataset)
    strongest = dataset.metadata.sort_values("source_magnitude", ascending=False)["source_id"].unique()[:8]
    shown = dataset.metadata[dataset.metadata["source_id"].isin(strongest)]
    assert len(figure.axes) == 3 * len(strongest)
    for column, colour, panel in (("p", P_COLOUR, 1), ("s", S_COLOUR, 2)):
        known = shown[shown[f"trace_{column}_arrival_sample"].notna()]
        after_origin_s = (known["trace_start_time"] - known["source_origin_time"]).dt.total_seconds()
        after_origin_s += known[f"trace_{column}_arrival_sample"] / known["trace_sampling_rate_hz"]
        assert sorted(lines(figure, colour, 0)) == pytest.approx(sorted(after_origin_s), abs=1e-6)
        assert lines(figure, colour, panel) == [0.0] * len(known)


def test_a_record_without_a_vertical_is_shown_as_such(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", n_events=6, n_stations=1, edits={(5, 0): without("Z")})
    relaxed = replace(SHORT, select=SelectionSettings(min_snr=0.0, max_gap=1.0))
    assert curate(archive, tmp_path / "dataset", relaxed).accepted == 6
    save_events(open_dataset(tmp_path / "dataset"), tmp_path / "events.png")
    figure = draw_events(open_dataset(tmp_path / "dataset"))
    labels = [axes.get_yticklabels()[0].get_text() for axes in figure.axes[::3]]
    assert [label.endswith(" km, no samples") for label in labels] == [True] + 5 * [False]


def test_a_figure_of_no_known_format_is_refused_before_anything_is_curated(
    run_command: RunCommand, day_archive: Path, tmp_path: Path
) -> None:
    output_dir = tmp_path / "dataset"
    with pytest.raises(SystemExit, match=r"figure=events\.foo: give a name that ends in one of .*\.png"):
        run_command(main, f"archive_dir={day_archive}", f"dataset_dir={output_dir}", "figure=events.foo")
    assert not output_dir.exists()
