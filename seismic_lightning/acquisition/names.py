"""Which codes may become names of files: those that cannot leave their folder, hide or mislead."""

import re

_CODE = re.compile(r"[A-Z0-9]{1,5}")
_LOCATION = re.compile(r"[A-Z0-9]{0,2}")
_CHANNEL = re.compile(r"[A-Z0-9]{3}")
_EVENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_QUERIED = re.compile(r"[?&]event_?id=([^&]+)", re.IGNORECASE)


def is_network(text: str) -> bool:
    """Tell whether a text can be a network code."""
    return _CODE.fullmatch(text) is not None


def are_codes(network: str, station: str, location: str, channel: str) -> bool:
    """Tell whether four codes may become part of a file's name and of a request.

    Example:
        >>> are_codes("KO", "ADVT", "", "HHZ"), are_codes("KO", "../X", "", "HHZ")
        (True, False)
    """
    return bool(
        _CODE.fullmatch(network)
        and _CODE.fullmatch(station)
        and _LOCATION.fullmatch(location)
        and _CHANNEL.fullmatch(channel)
    )


def event_name(event_id: str) -> str | None:
    """Return what an event is called in names of files, None where nothing safe names it.

    Some agencies identify an event by the address that returns it; then its ``eventid`` is the name.

    Args:
        event_id: Identifier of the catalogue.

    Example:
        >>> event_name("20231204074220"), event_name("query?eventid=us7000abcd&format=quakeml")
        ('20231204074220', 'us7000abcd')
        >>> event_name("../passwd") is None
        True
    """
    queried = _QUERIED.search(event_id)
    name = queried.group(1) if queried else event_id
    return name if _EVENT.fullmatch(name) and ".." not in name else None


def file_of(event: str, network: str, station: str, location: str, family: str) -> str:
    """Return the path of a window within the archive.

    Args:
        event: Name of the event, from ``event_name``.
        network: Network code.
        station: Station code.
        location: Location code, may be empty.
        family: Channel family.

    Example:
        >>> file_of("20231204074220", "KO", "GEML", "", "HH")
        'waveforms/HH/20231204074220_KO_GEML_HH.mseed'
    """
    parts = [event, network, station, *([location] if location else []), family]
    return f"waveforms/{family}/{'_'.join(parts)}.mseed"
