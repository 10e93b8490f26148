"""Training, validation and test events.

Records of one earthquake resemble each other, so a split by record would let a model meet its test events in
training.
"""

from collections.abc import Iterable

import numpy as np

from seismic_lightning.curation.settings import SplitSettings
from seismic_lightning.errors import DatasetError


def split_events(event_ids: Iterable[str], settings: SplitSettings) -> dict[str, str]:
    """Assign each event to one split.

    Sorted events are shuffled by the seed; validation and test take their shares, rounded, at least one event
    each.

    Args:
        event_ids: Events with accepted records, in any order and number.
        settings: Shares and seed.

    Returns:
        ``train``, ``dev`` (validation) or ``test`` by event.

    Raises:
        DatasetError: Fewer than three events, so that one split would be empty.

    Example:
        >>> sorted(split_events("abc", SplitSettings()).values())
        ['dev', 'test', 'train']
    """
    events = sorted(set(event_ids))
    if len(events) < 3:
        message = (
            f"accepted records come from {len(events)} event(s) ({', '.join(events)}), but training, "
            "validation and test need one each: add events to the archive, or loosen select or window."
        )
        raise DatasetError(message)
    n_dev = max(1, round(settings.val_fraction * len(events)))
    n_test = max(1, round(settings.test_fraction * len(events)))
    n_test = min(n_test, len(events) - 2)
    n_dev = min(n_dev, len(events) - 1 - n_test)
    order = np.random.default_rng(settings.seed).permutation(len(events))
    names = ["dev"] * n_dev + ["test"] * n_test + ["train"] * (len(events) - n_dev - n_test)
    return {events[place]: name for place, name in zip(order, names, strict=True)}
