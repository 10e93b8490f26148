"""Which format a catalogue has, told by its content: names of files say too little.

Formats are tried in the order of ``FORMATS``; each has signs that no other has.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from seismic_lightning.errors import ArchiveError
from seismic_lightning.records.bulletin_catalogue import read_bulletin_catalogue
from seismic_lightning.records.catalogue import Catalogue, read_quakeml
from seismic_lightning.records.catalogue_csv import is_own_table, read_declared
from seismic_lightning.records.catalogue_settings import CatalogueSettings
from seismic_lightning.records.kandilli_codes import is_code_table, read_code_table
from seismic_lightning.records.kandilli_list import is_list, read_list
from seismic_lightning.records.kandilli_search import is_search_table, read_search_table
from seismic_lightning.records.text_table import decoded, shown

_BULLETIN = re.compile(
    r"^[ \t]*(BEGIN GSE|EVENT\s+\w+\s*$|DATA_TYPE\s+BULLETIN|Date\s+Time\s+Latitude\s+Longitude\s+Depth)",
    re.M,
)
_XML = re.compile(r"\s*<(\?xml|\w+:)")
_QUAKEML = re.compile(r"<(\w+:)?quakeml\b")
_HEAD_BYTES = 4096


class Format(NamedTuple):
    """A format of text: its name for messages, its signs and its reader."""

    name: str
    is_it: Callable[[str], bool]
    read: Callable[[Path, str, CatalogueSettings], Catalogue]


def read_any(path: Path, settings: CatalogueSettings) -> Catalogue:
    """Read a catalogue with the reader of its format; see :func:`.catalogue.read_catalogue`.

    Args:
        path: The file.
        settings: Which magnitude counts, which events, and the columns of a CSV file.

    Returns:
        Its events and picks.

    Raises:
        ArchiveError: The file is of no accepted format, or its reader refuses it.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            content = head if _QUAKEML.search(decoded(head)) else head + file.read()
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror}; give a catalogue.") from error
    text = decoded(content)
    if _XML.match(text):
        if settings.columns:
            raise ArchiveError(f"{path} is XML, but catalogue_format.columns is for CSV: leave it out.")
        if _QUAKEML.search(text):
            return read_quakeml(path, settings)
    elif settings.columns:
        return read_declared(path, text, settings)
    reader = next((known.read for known in FORMATS if known.is_it(text)), None)
    if reader is None:
        accepted = "; ".join(["QuakeML", *(known.name for known in FORMATS)])
        found = f"begins with {shown(text)}" if text.strip() else "is empty"
        raise ArchiveError(f"{path} {found} and is no catalogue that can be read; give one of: {accepted}.")
    return reader(path, text, settings)


def _is_bulletin(text: str) -> bool:
    return _BULLETIN.search(text) is not None


FORMATS = (
    Format(
        "the table of Kandilli's event search (Deprem Kodu, Olus tarihi, …)",
        is_search_table,
        read_search_table,
    ),
    Format("Kandilli's table of codes and dates (id, tarih, enlemn, …)", is_code_table, read_code_table),
    Format(
        "CSV with catalogue_format.columns, or with source_id and our other names",
        is_own_table,
        read_declared,
    ),
    Format("a GSE2.0 bulletin", _is_bulletin, read_bulletin_catalogue),
    Format("Kandilli's list of latest earthquakes, page or CSV", is_list, read_list),
)
"""All formats but QuakeML."""
