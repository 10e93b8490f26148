"""When the next request may begin: a steady rate for all connections, and pauses that servers ask for."""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


class Pace:
    """Hands out moments to threads; they wait outside the lock."""

    def __init__(self, requests_per_s: float) -> None:
        """Start with no request on its way."""
        self._interval_s = 1.0 / requests_per_s
        self._next_s = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Wait for this thread's turn."""
        with self._lock:
            turn_s = max(self._next_s, time.monotonic())
            self._next_s = turn_s + self._interval_s
        time.sleep(max(turn_s - time.monotonic(), 0.0))

    def hold(self, pause_s: float) -> None:
        """Let no request of any thread begin for a while."""
        with self._lock:
            self._next_s = max(self._next_s, time.monotonic() + pause_s)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return how long a server asks to wait, None where it does not.

    Args:
        headers: Of its answer; the wait is a number of seconds or a date.

    Example:
        >>> retry_after_s({"Retry-After": "7"}), retry_after_s({})
        (7.0, None)
    """
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return max((aware - datetime.now(UTC)).total_seconds(), 0.0)
