"""Waveforms that stand in two splits: exact copies by their digests, altered and shifted ones by likeness.

Repeating earthquakes, whose waveforms agree to the last wiggle, are found as well: for a model they are
copies too.
"""

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.curation.store import CuratedDataset
from seismic_lightning.data.condition import station_names
from seismic_lightning.evaluation.audit_findings import Finding
from seismic_lightning.evaluation.fingerprints import Fingerprints, Likeness, compare

CANDIDATE = 0.45
"""Correlation of speckle from which a pair is looked at."""
SAME_WAVEFORM = 0.8
"""Whitened correlation from which two records show the same waveform."""
MOST_CANDIDATES = 5000
"""Pairs that are compared with their phases, the most alike first."""
SHOWN = 3
_REMEDY = (
    "copies: remove them from the archive; overlapping windows and repeating earthquakes: shorter windows "
    "(window=short), or leave one event of each pair out of the catalogue; then curate again"
)
_ROWS_AT_ONCE = 1024


def copied_waveforms(dataset: CuratedDataset, prints: Fingerprints) -> Finding:
    """Find components whose samples are the same, one by one, in different splits.

    Args:
        dataset: The records.
        prints: Their fingerprints.
    """
    what = "copied waveforms"
    holders: dict[bytes, list[int]] = defaultdict(list)
    for record, digests in enumerate(prints.digests.tolist()):
        for digest in filter(None, digests):
            holders[digest].append(record)
    split = dataset.metadata["split"].to_numpy()
    copies = [sorted(set(records)) for records in holders.values() if len(set(records)) > 1]
    across = sorted({tuple(records) for records in copies if len(set(split[records])) > 1})
    within = len({tuple(records) for records in copies}) - len(across)
    beside = f"; {within} copies within one split" if within else ""
    if not across:
        return Finding(what, f"no samples of {len(dataset)} records occur in two splits{beside}", "ok")
    names = [" = ".join(_name(dataset, record) for record in records) for records in across]
    return Finding(
        what,
        f"{len(across)} waveforms occur in several splits: {_examples(names)}{beside}",
        "error",
        "remove the copies from the archive and curate again",
    )


def near_copies(dataset: CuratedDataset, prints: Fingerprints) -> Finding:
    """Find records of different splits that show the same waveform, shifted, scaled or filtered.

    Records alike in all components are an error, those alike in one only a warning.

    Args:
        dataset: The records.
        prints: Their fingerprints.
    """
    what = "near copies"
    candidates = _candidates(prints, dataset.metadata["split"].to_numpy())
    compared = candidates.pairs[:MOST_CANDIDATES]
    looked_at = list(zip(compared.tolist(), compare(dataset, compared), strict=True))
    whole = [found for found in looked_at if found[1].record >= SAME_WAVEFORM]
    partly = [found for found in looked_at if found[1].record < SAME_WAVEFORM <= found[1].component]
    left = len(candidates.pairs) - len(compared)
    how = f"of {candidates.n_pairs} pairs across splits {len(compared)} compared in detail"
    how += f", {left} less alike ones not" if left else ""
    if not whole and not partly:
        return Finding(what, f"no waveform occurs in two splits; {how}", "ok")
    counts = [
        f"{len(pairs)} pairs are alike in {part}: {_pair_names(dataset, pairs)}"
        for pairs, part in ((whole, "all components"), (partly, "one component"))
        if pairs
    ]
    return Finding(
        what,
        f"{'; '.join(counts)}; {how}",
        "error" if whole else "warning",
        _REMEDY if whole else "look at these pairs; one that is a copy is to be removed from the archive",
    )


class _Candidates(NamedTuple):
    """Pairs ``(n, 2)`` that may be copies, the most alike first, and the number of all pairs."""

    pairs: NDArray[np.int64]
    n_pairs: int


def _candidates(prints: Fingerprints, split: NDArray[np.object_]) -> _Candidates:
    """Find pairs across splits whose speckle correlates in any component."""
    parts = {name: np.flatnonzero(split == name) for name in ("train", "dev", "test")}
    found, values, n_pairs = [np.empty((0, 2), dtype=np.int64)], [np.empty(0, dtype=np.float32)], 0
    for one, others in (("train", ("dev", "test")), ("dev", ("test",))):
        second = np.concatenate([parts[name] for name in others])
        n_pairs += len(parts[one]) * len(second)
        for start in range(0, len(parts[one]), _ROWS_AT_ONCE):
            first = parts[one][start : start + _ROWS_AT_ONCE]
            alike = np.maximum.reduce([part[first] @ part[second].T for part in prints.speckle])
            rows, columns = np.nonzero(alike >= CANDIDATE)
            found.append(np.stack([first[rows], second[columns]], axis=1))
            values.append(alike[rows, columns])
    pairs, value = np.concatenate(found), np.concatenate(values)
    same = (prints.digests[pairs[:, 0]] == prints.digests[pairs[:, 1]]) & (prints.digests[pairs[:, 0]] != b"")
    order = np.argsort(-value, kind="stable")
    return _Candidates(pairs[order][~same.any(axis=1)[order]], n_pairs)


def _pair_names(dataset: CuratedDataset, pairs: list[tuple[list[int], Likeness]]) -> str:
    names = []
    for (first, second), alike in sorted(pairs, key=lambda found: -found[1].component):
        correlation = f"{alike.component:.2f} at {alike.shift_s:+.2f} s"
        names.append(f"{_name(dataset, first)} and {_name(dataset, second)}, {correlation}")
    return _examples(names)


def _name(dataset: CuratedDataset, record: int) -> str:
    row = dataset.metadata.iloc[[record]]
    return f"{station_names(row)[0]} of {row['source_id'].iloc[0]} ({row['split'].iloc[0]})"


def _examples(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return "; ".join(names[:SHOWN]) + more
