"""Picks that name no network, at a station code that several networks have files of."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from seismic_lightning.curation.rejection import rejection_row
from seismic_lightning.records.catalogue import Pick


def refuse_ambiguous(
    picks: Iterable[Pick], networks: Mapping[str, Collection[str]]
) -> tuple[list[Pick], list[dict[str, Any]]]:
    """Part the picks that cannot be given to one station from all others.

    Args:
        picks: Picks of any events.
        networks: Networks that have files of a station, by its code.

    Returns:
        The other picks, and rows of the rejection table for those.

    Example:
        >>> p = Pick("1", "", "GEML", None, "", "P", 0, "manual")
        >>> kept, rows = refuse_ambiguous([p], {"GEML": {"KO", "TU"}})
        >>> kept, rows[0]["detail"]
        ([], 'manual P pick; networks KO, TU have files of a station so called')
    """
    kept: list[Pick] = []
    rows: list[dict[str, Any]] = []
    for pick in picks:
        owners = sorted(networks.get(pick.station, ()))
        if pick.network or len(owners) < 2:
            kept.append(pick)
            continue
        detail = (
            f"{pick.mode} {pick.phase} pick; networks {', '.join(owners)} have files of a station so called"
        )
        rows.append(rejection_row("ambiguous_station", detail, None, pick.event_id, pick.station))
    return kept, rows
