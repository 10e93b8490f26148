"""The ledger of an acquisition: every window that was planned and what became of it, in one SQLite file.

Rows are written as they come and read a page at a time, so that neither plan nor progress takes memory. The
write-ahead log survives a kill: a window is noted as stored only after its file is, hence what a killed run
leaves behind is at worst asked for again.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from seismic_lightning.acquisition.plan import LeftOut, Window
from seismic_lightning.errors import AcquisitionError, StorageError

WAITING, STORED, NO_DATA, FAILED = "waiting", "stored", "no_data", "failed"
CHUNK = 2000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS windows (
    id INTEGER PRIMARY KEY, file TEXT NOT NULL UNIQUE, event TEXT NOT NULL, network TEXT NOT NULL,
    station TEXT NOT NULL, location TEXT NOT NULL, channels TEXT NOT NULL, start_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL, generation INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'waiting',
    tries INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, sha256 TEXT, reason TEXT,
    detail TEXT);
CREATE INDEX IF NOT EXISTS waiting ON windows (id) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS left_out (event TEXT, station TEXT, reason TEXT, detail TEXT);
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_PLAN = """
INSERT INTO windows (file, event, network, station, location, channels, start_ns, end_ns, generation)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (file) DO UPDATE SET
    state = CASE WHEN start_ns = excluded.start_ns AND end_ns = excluded.end_ns
        AND channels = excluded.channels THEN state ELSE 'waiting' END,
    channels = excluded.channels, start_ns = excluded.start_ns, end_ns = excluded.end_ns,
    generation = excluded.generation
"""
_DONE = """
UPDATE windows SET state = ?, tries = tries + ?, bytes = ?, sha256 = ?, reason = ?, detail = ? WHERE file = ?
"""
_CURRENT = "generation = (SELECT CAST(value AS INTEGER) FROM notes WHERE name = 'generation')"
_COLUMNS = "file, event, network, station, location, channels, start_ns, end_ns"


class Outcome(NamedTuple):
    """What became of one window.

    Attributes:
        file: Path within the archive.
        state: ``stored``, ``no_data`` or ``failed``.
        tries: Requests that were sent for it.
        n_bytes: Size of the stored file, 0 without one.
        sha256: Its digest, None without one.
        reason: Name in ``reasons.REASONS``, None where it was stored.
        detail: What was found, in words.
    """

    file: str
    state: str
    tries: int
    n_bytes: int = 0
    sha256: str | None = None
    reason: str | None = None
    detail: str | None = None


class Ledger:
    """One open ledger; one process at a time has it."""

    def __init__(self, path: Path) -> None:
        """Open the ledger, made if missing.

        Raises:
            StorageError: The file cannot be written, or is no ledger.
        """
        self._path = path
        try:
            self._base = sqlite3.connect(path)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise StorageError(
                f"{path} cannot be used as a ledger ({error}); remove it to begin anew, which asks for "
                "everything again."
            ) from error

    def __enter__(self) -> Self:
        """Return the ledger itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file; what was not noted is forgotten."""
        self._base.close()

    @property
    def plan_id(self) -> str | None:
        """Return what the current plan was made from, None before a plan is whole."""
        row = self._base.execute("SELECT value FROM notes WHERE name = 'plan'").fetchone()
        return None if row is None else str(row[0])

    def plan(self, plan_id: str, entries: Iterable[Window | LeftOut]) -> None:
        """Take a plan in. Windows of an earlier plan keep their state; those not asked for any more rest.

        Args:
            plan_id: What it is made from.
            entries: Windows, and what became none; taken as they come.

        Raises:
            AcquisitionError: Two windows would be one file.
        """
        self._base.execute("DELETE FROM notes WHERE name = 'plan'")
        self._base.execute("DELETE FROM left_out")
        last = self._base.execute("SELECT value FROM notes WHERE name = 'generation'").fetchone()
        generation = int(last[0]) + 1 if last else 1
        self._base.execute("INSERT OR REPLACE INTO notes VALUES ('generation', ?)", (str(generation),))
        n_windows, remaining = 0, iter(entries)
        while chunk := list(islice(remaining, CHUNK)):
            windows = [entry for entry in chunk if isinstance(entry, Window)]
            left_out = [entry for entry in chunk if isinstance(entry, LeftOut)]
            rows = ((*w[:5], " ".join(w.channels), w.start_ns, w.end_ns, generation) for w in windows)
            self._base.executemany(_PLAN, rows)
            self._base.executemany("INSERT INTO left_out VALUES (?, ?, ?, ?)", left_out)
            self._base.commit()
            n_windows += len(windows)
        if self._count("generation = ?", generation) != n_windows:
            message = (
                "two windows of the plan have one file; events and stations must have names of their own."
            )
            raise AcquisitionError("unsafe_event", message)
        self._base.execute("INSERT INTO notes VALUES ('plan', ?)", (plan_id,))
        self._base.commit()

    def recall(self, archive_dir: Path, *, failed: bool) -> None:
        """Let windows wait again: those whose file has vanished or changed size, and those that failed.

        Args:
            archive_dir: The archive.
            failed: Whether those that failed wait again as well.
        """
        if failed:
            self._base.execute("UPDATE windows SET state = 'waiting' WHERE state = 'failed'")
        rows = self._base.execute("SELECT file, bytes FROM windows WHERE state = 'stored'")
        lost = [(file,) for file, size in rows if _size(archive_dir / file) != size]
        self._base.executemany("UPDATE windows SET state = 'waiting' WHERE file = ?", lost)
        self._base.commit()

    def batches(self, largest: int) -> Iterator[list[Window]]:
        """Go through the waiting windows of the current plan, a few of one event at a time.

        Args:
            largest: Most windows of a batch.
        """
        for _, group in groupby(self._waiting(), key=lambda window: window.event):
            while batch := list(islice(group, largest)):
                yield batch

    def note(self, outcomes: Iterable[Outcome]) -> None:
        """Note what became of some windows."""
        self._base.executemany(
            _DONE, [(o.state, o.tries, o.n_bytes, o.sha256, o.reason, o.detail, o.file) for o in outcomes]
        )
        self._base.commit()

    def counts(self) -> dict[str, int]:
        """Return the number of windows of the current plan by state."""
        query = f"SELECT state, count(*) FROM windows WHERE {_CURRENT} GROUP BY state"
        return {str(state): int(number) for state, number in self._base.execute(query)}

    def failures(self) -> dict[str, int]:
        """Return the number of failed windows, and of what was left out of the plan, by reason."""
        query = (
            f"SELECT reason, count(*) FROM windows WHERE state = 'failed' AND {_CURRENT} GROUP BY reason "
            "UNION ALL SELECT reason, count(*) FROM left_out GROUP BY reason ORDER BY 1"
        )
        return {str(reason): int(number) for reason, number in self._base.execute(query)}

    def families(self) -> dict[str, int]:
        """Return the number of stored windows by channel family."""
        query = (
            f"SELECT substr(channels, 1, 2), count(*) FROM windows WHERE state = 'stored' AND {_CURRENT} "
            "GROUP BY 1 ORDER BY 1"
        )
        return {str(family): int(number) for family, number in self._base.execute(query)}

    def stored_bytes(self) -> int:
        """Return the size of all stored files of the current plan."""
        query = f"SELECT total(bytes) FROM windows WHERE state = 'stored' AND {_CURRENT}"
        return int(self._base.execute(query).fetchone()[0])

    def not_stored(self) -> Iterator[tuple[str | None, ...]]:
        """Go through everything without a file: file, event, station, reason and detail."""
        yield from self._base.execute(
            "SELECT file, event, network || '.' || station || '.' || location, reason, detail FROM windows "
            f"WHERE state IN ('failed', 'no_data') AND {_CURRENT} "
            "UNION ALL SELECT NULL, event, station, reason, detail FROM left_out"
        )

    def _waiting(self) -> Iterator[Window]:
        last = 0
        while True:
            rows = self._base.execute(
                f"SELECT id, {_COLUMNS} FROM windows WHERE state = 'waiting' AND id > ? AND {_CURRENT} "
                "ORDER BY id LIMIT ?",
                (last, CHUNK),
            ).fetchall()
            if not rows:
                return
            for _, file, event, network, station, location, channels, start_ns, end_ns in rows:
                codes = (network, station, location, tuple(channels.split()))
                yield Window(file, event, *codes, start_ns, end_ns)
            last = rows[-1][0]

    def _count(self, condition: str, *values: int) -> int:
        query = f"SELECT count(*) FROM windows WHERE {condition}"
        return int(self._base.execute(query, values).fetchone()[0])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
