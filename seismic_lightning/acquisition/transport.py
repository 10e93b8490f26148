"""One request over HTTP until it is answered, refused for good, or given up.

Silence, a lost connection, a body that ends early and the answers 408, 429 and 5xx are tried again after a
wait that doubles, varies by half, and is no shorter than what ``Retry-After`` asks for. What a body must
be is for the caller to say: a body that is refused is asked for again as well. Redirections are not
followed, as they turn a POST into a GET.
"""

import threading
import time
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import seismic_lightning
from seismic_lightning.acquisition.pace import Pace, retry_after_s
from seismic_lightning.acquisition.reasons import TROUBLE
from seismic_lightning.acquisition.settings import TransferSettings
from seismic_lightning.errors import AcquisitionError

if TYPE_CHECKING:
    import requests
    from requests.auth import AuthBase

Content = TypeVar("Content")
CHUNK_BYTES = 1 << 16
NO_DATA = (204, 404)
_REASONS = {
    400: "bad_request", 401: "forbidden", 403: "forbidden", 408: "timeout", 413: "too_large",
    429: "too_busy", 500: "server_error", 502: "server_error", 503: "server_error", 504: "server_error",
}  # fmt: skip
_NEVER_AGAIN = ("bad_request", "forbidden", "too_large", "redirected", "http_error")
_SAID_CHARACTERS = 120


class Query(NamedTuple):
    """What to ask: GET with parameters, or POST with a body.

    Attributes:
        url: Address without parameters.
        parameters: Of a GET.
        body: Of a POST, None for a GET.
    """

    url: str
    parameters: Mapping[str, str] = {}
    body: bytes | None = None


class Answer(NamedTuple, Generic[Content]):
    """What came back.

    Attributes:
        content: What the caller made of the body, None where the node has no data.
        tries: Requests that were sent.
    """

    content: Content | None
    tries: int


class Transport:
    """Connections to one node, shared by threads."""

    def __init__(self, settings: TransferSettings) -> None:
        """Open nothing yet; each thread opens a connection of its own."""
        self._settings = settings
        self._pace = Pace(settings.requests_per_s)
        self._own = threading.local()
        self._lock = threading.Lock()
        self._sessions: list[requests.Session] = []
        self._failed_in_a_row = 0
        self.auth: AuthBase | None = None

    @property
    def is_down(self) -> bool:
        """Tell whether so many requests failed in a row that the node is not asked any more."""
        return self._failed_in_a_row >= self._settings.give_up_after

    def close(self) -> None:
        """Close the connections of all threads."""
        for session in self._sessions:
            session.close()

    def fetch(self, query: Query, accept: Callable[[bytes], Content]) -> Answer[Content]:
        """Send a request until it is answered.

        Args:
            query: What to ask.
            accept: Makes something of the body, or raises ``AcquisitionError`` for a body that cannot be
                what was asked for.

        Returns:
            What ``accept`` returned, None for "no data".

        Raises:
            AcquisitionError: The node refuses, or fails until there is no try left.
        """
        settings, attempt = self._settings, 0
        while True:
            if self.is_down:
                raise AcquisitionError(
                    "gave_up", f"{query.url} failed {self._failed_in_a_row} times in a row"
                )
            self._pace.wait()
            attempt += 1
            try:
                body = self._once(query)
                content = None if body is None else accept(body)
            except AcquisitionError as error:
                error.tries = attempt
                if (
                    error.reason in _NEVER_AGAIN
                    or attempt >= settings.tries
                    or error.wait_s > settings.longest_wait_s
                ):
                    self._count(trouble=error.reason in TROUBLE)
                    raise
                self._pace.hold(error.wait_s)
                time.sleep(min(max(self._backoff_s(query, attempt), error.wait_s), settings.longest_wait_s))
                continue
            self._count(trouble=False)
            return Answer(content, attempt)

    def _count(self, *, trouble: bool) -> None:
        with self._lock:
            self._failed_in_a_row = self._failed_in_a_row + 1 if trouble else 0

    def _backoff_s(self, query: Query, attempt: int) -> float:
        """Return the wait before the next try: by request, so that it does not depend on other threads."""
        import numpy as np

        key = zlib.crc32(
            query.url.encode() + repr(sorted(query.parameters.items())).encode() + (query.body or b"")
        )
        generator = np.random.default_rng([self._settings.seed, key, attempt])
        return self._settings.backoff_s * 2.0 ** (attempt - 1) * float(generator.uniform(0.5, 1.5))

    def _session(self) -> "requests.Session":
        import requests  # here: a quarter of a second that answers without a network need not wait for

        if not hasattr(self._own, "session"):
            session = requests.Session()
            session.headers["User-Agent"] = f"seismic_lightning/{seismic_lightning.__version__}"
            self._own.session = session
            with self._lock:
                self._sessions.append(session)
        found: requests.Session = self._own.session
        return found

    def _once(self, query: Query) -> bytes | None:
        """Send the request once; returns the body, None for no data."""
        import requests

        timeout_s = self._settings.timeout_s
        try:
            with self._session().request(
                "GET" if query.body is None else "POST",
                query.url,
                params=query.parameters,
                data=query.body,
                headers={} if query.body is None else {"Content-Type": "text/plain"},
                auth=self.auth or _as_anybody,
                timeout=(timeout_s, timeout_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                return self._read(query, response)
        except requests.exceptions.Timeout as error:
            raise AcquisitionError("timeout", f"{query.url} was silent for {timeout_s:g} s") from error
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
            raise AcquisitionError("cut_body", f"{query.url}: the answer ended early") from error
        except requests.exceptions.ConnectionError as error:
            # A silence within the body comes as a broken connection.
            silent = "timed out" in str(error)
            reason, what = ("timeout", "fell silent") if silent else ("unreachable", "cannot be reached")
            raise AcquisitionError(reason, f"{query.url} {what}") from error
        except requests.exceptions.RequestException as error:
            raise AcquisitionError("http_error", f"{query.url}: {type(error).__name__}") from error

    def _read(self, query: Query, response: "requests.Response") -> bytes | None:
        status = response.status_code
        if status in NO_DATA:
            return None
        if status != 200:
            raise _refusal(query, response)
        content, begun_s = bytearray(), time.monotonic()
        for chunk in response.iter_content(CHUNK_BYTES):
            content += chunk
            if time.monotonic() - begun_s > self._settings.longest_s:
                message = f"{query.url} took longer than {self._settings.longest_s:g} s"
                raise AcquisitionError("timeout", message)
        return bytes(content)


def _refusal(query: Query, response: "requests.Response") -> AcquisitionError:
    status = response.status_code
    if 300 <= status < 400:
        where = response.headers.get("Location", "nowhere")
        return AcquisitionError("redirected", f"{query.url} redirects to {where}; give that node")
    said = next(response.iter_content(CHUNK_BYTES), b"").decode("utf-8", "replace")
    plain = " ".join(
        "".join(character for character in said if character.isprintable() or character.isspace()).split()
    )
    reason = _REASONS.get(status, "server_error" if status >= 500 else "http_error")
    message = f"{query.url} answered {status}" + (f": {plain[:_SAID_CHARACTERS]}" if plain else "")
    return AcquisitionError(reason, message, retry_after_s(response.headers) or 0.0)


def _as_anybody(request: Any) -> Any:  # noqa: ANN401 - a prepared request, as requests passes it through
    """Add no credentials, neither those of ``.netrc``."""
    return request
