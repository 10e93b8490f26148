"""Where the services of FDSN nodes live.

References:
    FDSN (2019), FDSN Web Service Specifications 1.2, https://www.fdsn.org/webservices.
"""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from seismic_lightning.errors import ConfigurationError

SERVICES = ("dataselect", "station", "event")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def base_url(node: str | None, setting: str) -> str:
    """Return the address of a node.

    Args:
        node: An address, or a name that ObsPy knows, such as ``KOERI``.
        setting: What the user calls it, for the message.

    Raises:
        ConfigurationError: Neither an address nor a known name.
    """
    if not node:
        raise ConfigurationError(f"{setting} is not given: name an FDSN node, such as KOERI, or its address")
    if "://" in node:
        parts = urlsplit(node)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ConfigurationError(
                f"{setting}={node}: give an address such as https://eida.koeri.boun.edu.tr"
            )
        return node.rstrip("/").removesuffix("/fdsnws")
    from obspy.clients.fdsn.header import URL_MAPPINGS  # here: slow to import, and addresses do not need it

    if node.upper() not in URL_MAPPINGS:
        known = ", ".join(sorted(URL_MAPPINGS))
        raise ConfigurationError(f"{setting}={node}: give the address of an FDSN node, or one of {known}")
    return str(URL_MAPPINGS[node.upper()])


def service_url(base: str, service: str, method: str = "query") -> str:
    """Return the address of a service's method.

    Example:
        >>> service_url("https://eida.koeri.boun.edu.tr", "dataselect")
        'https://eida.koeri.boun.edu.tr/fdsnws/dataselect/1/query'
    """
    return f"{base}/fdsnws/{service}/1/{method}"


def is_private(url: str) -> bool:
    """Tell whether what is sent there can be read by nobody on the way."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in _LOOPBACK


def time_text(time_ns: int, *, up: bool = False) -> str:
    """Return a moment as services take it, to the microsecond.

    Args:
        time_ns: Nanoseconds since 1970 (UTC).
        up: Round to the later microsecond instead of the earlier one.

    Example:
        >>> time_text(1_700_000_000_000_000_001, up=True)
        '2023-11-14T22:13:20.000001'
    """
    microseconds = -(-time_ns // 1000) if up else time_ns // 1000
    return (_EPOCH + timedelta(microseconds=microseconds)).strftime("%Y-%m-%dT%H:%M:%S.%f")
