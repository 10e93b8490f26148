"""Rows of the rejection table: what did not become a record, and why."""

from typing import Any

from seismic_lightning.curation.measure import Candidate


def rejection_row(
    reason: str, detail: str, path: str | None = None, event: str | None = None, station: str | None = None
) -> dict[str, Any]:
    """Make one row of the rejection table; the family is added by the caller who knows it."""
    return {
        "path": path,
        "event": event,
        "station": station,
        "family": None,
        "reason": reason,
        "detail": detail,
    }


def candidate_row(candidate: Candidate, reason: str, detail: str) -> dict[str, Any]:
    """Make the row of the rejection table for a candidate."""
    station = ".".join(candidate.name.codes)
    row = rejection_row(reason, detail, candidate.file, candidate.event.event_id, station)
    return {**row, "family": candidate.name.family}
