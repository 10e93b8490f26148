"""Scalars that tell something only beside each other, in one chart of TensorBoard's tab Custom Scalars."""

import re
from collections.abc import Mapping, Sequence

import lightning as L
from lightning.pytorch.callbacks import Callback

from seismic_lightning.callbacks.access import writers


class ScalarCharts(Callback):
    """Lay out charts of several scalars each. With other loggers this callback has nothing to do."""

    def __init__(self, charts: Mapping[str, Sequence[str]]) -> None:
        """Keep the charts.

        Args:
            charts: Names of logged scalars by the chart's title.
        """
        whole = {title: [f"^{re.escape(name)}$" for name in names] for title, names in charts.items()}
        self._charts = {title: ["Multiline", patterns] for title, patterns in whole.items()}

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write the layout."""
        for writer in writers(trainer):
            writer.add_custom_scalars({type(pl_module).__name__: self._charts})
