"""Which catalogue format a file has, told by its content."""

from pathlib import Path

from seismic_lightning.records.catalogue import Catalogue, read_quakeml
from seismic_lightning.records.catalogue_settings import CatalogueSettings


def read_any(path: Path, settings: CatalogueSettings) -> Catalogue:
    """Read a catalogue with the reader of its format; see :func:`catalogue.read_catalogue`."""
    return read_quakeml(path, settings)
