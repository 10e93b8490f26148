"""Events are split by quota, whole, and the same way every time."""

from collections import Counter

import pytest

from seismic_lightning.curation.settings import SplitSettings
from seismic_lightning.curation.split import split_events
from seismic_lightning.errors import DatasetError


@pytest.mark.parametrize(
    ("n_events", "expected"), [(3, (1, 1, 1)), (10, (8, 1, 1)), (15, (11, 2, 2)), (200, (160, 20, 20))]
)
def test_shares_are_of_events_with_at_least_one_each(n_events: int, expected: tuple[int, int, int]) -> None:
    counts = Counter(split_events(map(str, range(n_events)), SplitSettings()).values())
    assert (counts["train"], counts["dev"], counts["test"]) == expected


def test_large_shares_leave_an_event_for_training() -> None:
    counts = Counter(split_events("abc", SplitSettings(val_fraction=0.49, test_fraction=0.49)).values())
    assert counts == {"train": 1, "dev": 1, "test": 1}


def test_order_and_repetition_do_not_matter_but_the_seed_does() -> None:
    events = [str(number) for number in range(50)]
    first = split_events(events, SplitSettings())
    assert split_events([*reversed(events), *events], SplitSettings()) == first
    assert split_events(events, SplitSettings(seed=1)) != first


def test_two_events_cannot_be_split() -> None:
    with pytest.raises(DatasetError, match=r"2 event\(s\) \(a, b\).*add events to the archive"):
        split_events("abab", SplitSettings())
