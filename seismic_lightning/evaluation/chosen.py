"""Which records of a split are judged: whole ones, drawn by event where there are too many."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.curation.schema import SPLITS
from seismic_lightning.curation.store import CuratedDataset
from seismic_lightning.errors import EvaluationError

MIN_RECORDS, MIN_EVENTS = 4, 2
"""Below, not even the rows that need no model can be made."""


class Chosen(NamedTuple):
    """Records and how they were chosen.

    Attributes:
        rows: ``(n,)`` rows of the dataset's metadata, ascending.
        notes: One sentence each on what was left out.
    """

    rows: NDArray[np.int64]
    notes: list[str]


def choose(dataset: CuratedDataset, subset: str, max_records: int, seed: int) -> Chosen:
    """Choose records of a split.

    Args:
        dataset: The dataset.
        subset: ``train``, ``dev`` or ``test``.
        max_records: At most so many; whole events are drawn until the next would be too much.
        seed: Of that draw.

    Raises:
        EvaluationError: Another subset, or one without records.
    """
    if subset not in SPLITS:
        raise EvaluationError(f"subset={subset}: choose one of {', '.join(SPLITS)}")
    metadata = dataset.metadata
    rows = np.flatnonzero(metadata["split"] == subset)
    if rows.size == 0:
        counts = metadata["split"].value_counts()
        there = ", ".join(f"{counts[name]} {name}" for name in SPLITS if name in counts)
        raise EvaluationError(f"{dataset.root}: no record is in subset={subset}; there are {there or 'none'}")
    gaps = [metadata[f"trace_{component}_gap"].to_numpy()[rows] > 0.0 for component in dataset.components]
    gapped = np.any(gaps, axis=0)
    notes = [f"{gapped.sum()} of {rows.size} records have gaps and are left out."] if gapped.any() else []
    whole = rows[~gapped]
    drawn = draw_events(whole, metadata["source_id"].to_numpy(dtype=object)[whole], max_records, seed)
    if len(drawn) < len(whole):
        notes.append(f"{len(drawn)} of {len(whole)} whole records were drawn, event by event, with {seed=}.")
    return Chosen(drawn, notes)


def draw_events(
    rows: NDArray[np.int64], event: NDArray[np.object_], max_records: int, seed: int
) -> NDArray[np.int64]:
    """Draw whole events until the next would be too much; the first is taken in any case, cut if need be.

    Args:
        rows: ``(n,)`` records.
        event: ``(n,)`` event of each.
        max_records: At most so many.
        seed: Equal seeds give equal draws.

    Returns:
        The rows drawn, ascending.
    """
    if len(rows) <= max_records:
        return rows
    names, code = np.unique(event.astype(str), return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    total = np.cumsum(np.bincount(code)[order])
    chosen = order[: max(int((total <= max_records).sum()), 1)]
    return rows[np.isin(code, chosen)][:max_records]


def refuse_too_few(n_records: int, n_events: int, what: str) -> None:
    """Refuse sets that nothing can be said about.

    Args:
        n_records: Records left.
        n_events: Their events.
        what: Where they come from.

    Raises:
        EvaluationError: Naming both numbers.
    """
    if n_records < MIN_RECORDS or n_events < MIN_EVENTS:
        raise EvaluationError(
            f"{what}: {n_records} records of {n_events} events are too few; {MIN_RECORDS} records of "
            f"{MIN_EVENTS} events are needed at least: raise max_records, or give another subset or dataset"
        )
