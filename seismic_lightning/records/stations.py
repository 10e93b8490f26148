"""Which format station metadata has, told by its content."""

import re
from pathlib import Path

from seismic_lightning.errors import ArchiveError, ConfigurationError
from seismic_lightning.records.inventory import Inventory, read_stationxml
from seismic_lightning.records.station_text import CODE, is_station_table, read_station_table
from seismic_lightning.records.text_table import decoded, shown

ACCEPTED = (
    "StationXML; FDSN station text (#Network|Station|Latitude|…), of stations or of channels; CSV with the "
    "columns network, station, latitude, longitude, elevation_m, start_date"
)
_STATIONXML = re.compile(r"<(\w+:)?FDSNStationXML\b")
_HEAD_BYTES = 4096


def read_stations(path: Path, network: str | None = None) -> Inventory:
    """Read station metadata of any accepted format, which is recognised by the file's content.

    Args:
        path: StationXML, FDSN station text (of stations or of channels) or Kandilli's station CSV.
        network: Network code of stations that have none in the file, such as ``KO``. Without it those are
            refused.

    Returns:
        Its stations and channels.

    Raises:
        ArchiveError: The file is missing, of no accepted format, or has a row that cannot be a station.
        ConfigurationError: The network code cannot be one.
    """
    if network is not None and not CODE.fullmatch(network):
        raise ConfigurationError(f"network={network!r}: give up to five capitals and digits, such as KO")
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            is_stationxml = _STATIONXML.search(decoded(head)) is not None
            text = "" if is_stationxml else decoded(head + file.read())
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror}; give {ACCEPTED}.") from error
    if is_stationxml:
        return read_stationxml(path)
    if not is_station_table(text):
        found = f"begins with {shown(text)}" if text.strip() else "is empty"
        raise ArchiveError(f"{path} {found} and is no station metadata that can be read; give {ACCEPTED}.")
    return read_station_table(path, text, network)
