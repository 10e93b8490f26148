"""The one entry to generation: requests and a model in, a folder of files out, whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from seismic_lightning.generation.draw import DrawSettings, draw
from seismic_lightning.generation.files import About, write_records
from seismic_lightning.generation.marks import hull_warnings
from seismic_lightning.generation.request import Manner, expand, request_table
from seismic_lightning.generation.trained import Trained
from seismic_lightning.generation.wanted import Wanted
from seismic_lightning.progress import Progress


class Generated(NamedTuple):
    """What was written.

    Attributes:
        folder: Where.
        n_records: How many records.
        unit: Their unit.
    """

    folder: Path
    n_records: int
    unit: str


class Generation(NamedTuple):
    """Checked requests to a model: what is left is work.

    Attributes:
        trained: The model.
        requests: One row per request.
        settings: How records are drawn.
    """

    trained: Trained
    requests: pd.DataFrame
    settings: DrawSettings

    def warnings(self) -> list[str]:
        """Say what its reader should know before trusting the records."""
        trained = self.trained
        lines = hull_warnings(self.requests, trained.hull)
        if "sensitivity_remark" in self.requests:
            lines += _sensitivity_warnings(self.requests)
        if trained.conditional and trained.hull is None:
            lines.append(
                f"{trained.path} does not say how far its training data reach: nothing outside can be marked"
            )
        if trained.conditional and trained.front.preprocess.table.n_bins > 1:
            lines.append(
                "the passband depends on the magnitude, which the model may have learnt instead of the "
                "earthquake: preprocess=fixed_band is advised for conditional models"
            )
        return lines

    def write(self, output_dir: Path, progress: Progress | None = None) -> Generated:
        """Draw the records and write their files.

        Args:
            output_dir: Folder to make.
            progress: Called with the number of written records and of all.

        Raises:
            CheckpointError: ``sampler=aggregate`` and no density was fitted.
            ConfigurationError: The folder is taken, or a setting cannot be used.
            StorageError: The disk is full or the folder cannot be written to.
        """
        records = expand(self.requests)
        about = About(
            f"{len(records)} records of {type(self.trained.model).__name__} {self.trained.path.name}",
            {
                **describe(self.trained),
                "device": self.trained.device.type,
                "settings": asdict(self.settings),
                **self._asked(),
            },
            self.trained.passing_hz,
        )
        blocks = draw(self.trained, records, self.settings)
        folder = write_records(output_dir, records, blocks, about, progress)
        return Generated(folder, len(records), str(records["trace_unit"].iloc[0]))

    def _asked(self) -> dict[str, Any]:
        """Return the requests and the warnings as plain values."""
        table = self.requests.copy()
        for name in ("source_origin_time", "trace_start_time"):
            table[name] = table[name].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {"warnings": self.warnings(), "requests": [_plain(row) for row in table.to_dict("records")]}


def prepare(
    trained: Trained,
    wanted: Sequence[Wanted],
    settings: DrawSettings | None = None,
    manner: Manner | None = None,
) -> Generation:
    """Check requests against a model.

    Args:
        trained: The model.
        wanted: Requests.
        settings: How records are drawn.
        manner: What holds for all requests.

    Raises:
        BandError: No band for a channel family.
        CheckpointError: ``sampler=aggregate`` and no density was fitted.
        ConfigurationError: The model draws nothing, or a request does not fit it.
    """
    settings = settings or DrawSettings()
    trained.require_draws(settings.sampler)
    return Generation(trained, request_table(trained, wanted, manner), settings)


def describe(trained: Trained) -> dict[str, Any]:
    """Return what lies beside generated records of their model, as plain values.

    Args:
        trained: The model.
    """
    front = trained.front.settings()
    return {
        "checkpoint": {"file": trained.path.name, "sha256": trained.sha256()},
        "model": type(trained.model).__name__,
        "dataset_id": trained.dataset_id,
        "unit_of_model": trained.unit,
        "components": trained.components,
        "before_p_s": trained.before_p_s,
        "length_s": trained.length_s,
        "preprocess": front["preprocess"],
        "stft": front["stft"],
        "representation": "log_magnitude" if front["companding"] is None else "complex",
        "condition": trained.conditions.features if trained.conditional else None,
        "sampling": trained.sampling or None,
        "hull": None if trained.hull is None else _reach(trained.hull.settings()),
    }


def _reach(hull: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in hull.items() if name not in ("sensitivities", "station_families")}


def _sensitivity_warnings(requests: pd.DataFrame) -> list[str]:
    """Name the sensors whose stated sensitivity is not used, and say why."""
    unused = requests[requests["sensitivity_remark"].notna()]
    columns = ["station_network_code", "station_code", "trace_channel", "sensitivity_remark"]
    return [
        f"{network}.{station} {family}: its sensitivity is left unknown: {remark}"
        for network, station, family, remark in unused[columns].drop_duplicates().itertuples(index=False)
    ]


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row with null for what is unknown, and with Python's own numbers."""
    return {
        str(name): None if pd.isna(value) else value.item() if isinstance(value, np.generic) else value
        for name, value in row.items()
    }
