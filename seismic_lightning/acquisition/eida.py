"""An EIDA token's way to a node: shown once over a private connection, exchanged for short-lived credentials.

Neither the token nor the credentials appear in a message, a log or a file.

References:
    EIDA (2019), Authentication and authorization in EIDA, https://geofon.gfz.de/eas.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from seismic_lightning.acquisition.nodes import is_private, service_url
from seismic_lightning.acquisition.transport import Query, Transport
from seismic_lightning.errors import AcquisitionError, ConfigurationError

if TYPE_CHECKING:
    from requests.auth import HTTPDigestAuth


def credentials(transport: Transport, base: str, variable: str) -> "HTTPDigestAuth | None":
    """Exchange the token that an environment variable points at.

    Args:
        transport: Connections to the node.
        base: Its address.
        variable: Name of the variable; it holds the path of the token.

    Returns:
        What ``queryauth`` asks for, None where the variable is not set.

    Raises:
        ConfigurationError: The token cannot be read, or others could read it on its way.
        AcquisitionError: The node does not accept it.
    """
    path = os.environ.get(variable)
    if not path:
        return None
    url = service_url(base, "dataselect", "auth")
    if not is_private(url):
        raise ConfigurationError(
            f"{variable} is set, but {base} would see the token unencrypted: give https://"
        )
    try:
        token = Path(path).expanduser().read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{variable} points at no readable file: {error.strerror}") from error
    answer = transport.fetch(Query(url, body=token), _name_and_password)
    if answer.content is None:
        raise AcquisitionError(
            "forbidden", f"{url} does not exist: the node takes no tokens; unset {variable}"
        )
    from requests.auth import HTTPDigestAuth  # here: most acquisitions need none

    return HTTPDigestAuth(*answer.content)


def _name_and_password(body: bytes) -> tuple[str, str]:
    name, colon, password = body.decode("utf-8", "replace").strip().partition(":")
    if not (name and colon and password) or "\n" in password:
        raise AcquisitionError("forbidden", "the node's answer to the token is no name and password")
    return name, password
