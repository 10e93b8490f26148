"""The training order depends on seed and epoch alone, whoever asks and wherever it starts."""

from itertools import chain

import pytest
import torch

from seismic_lightning.data.order import KeyedBatches, deal
from seismic_lightning.errors import ConfigurationError


def epoch(batches: KeyedBatches, number: int) -> list[list[int]]:
    batches.set_epoch(number)
    return list(batches)


def flat(batches: list[list[int]]) -> list[int]:
    return list(chain.from_iterable(batches))


def test_an_epoch_is_a_permutation_that_repeats_for_its_key() -> None:
    first = epoch(KeyedBatches(50, 8, seed=1), 3)
    assert sorted(flat(first)) == list(range(50))
    assert [len(batch) for batch in first] == [8] * 6 + [2]
    assert first == epoch(KeyedBatches(50, 8, seed=1), 3)


@pytest.mark.parametrize(("seed", "number"), [(1, 4), (2, 3)])
def test_another_epoch_or_seed_is_another_order(seed: int, number: int) -> None:
    assert epoch(KeyedBatches(50, 8, seed=1), 3) != epoch(KeyedBatches(50, 8, seed=seed), number)


def test_a_start_in_the_middle_yields_the_rest_of_the_same_order_once() -> None:
    whole = epoch(KeyedBatches(50, 8, seed=1), 3)
    batches = KeyedBatches(50, 8, seed=1)
    batches.start = 2
    assert epoch(batches, 3) == whole[2:]
    assert epoch(batches, 3) == whole


@pytest.mark.parametrize("n_records", [3, 4, 5, 47, 48, 49, 50, 51])
@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_processes_see_in_turn_what_one_process_accumulates(n_records: int, batch_size: int) -> None:
    alone = epoch(KeyedBatches(n_records, batch_size, 1, accumulate=3), 0)
    parts = [epoch(KeyedBatches(n_records, batch_size, 1, rank=rank, world_size=3), 0) for rank in range(3)]
    assert [batch for each in zip(*parts, strict=True) for batch in each] == alone
    assert sorted(flat(alone)) == list(range(n_records))
    assert all(len(part) == len(KeyedBatches(n_records, batch_size, 1, world_size=3)) for part in parts)


@pytest.mark.parametrize("n_records", range(4, 40))
def test_the_last_round_is_shared_evenly(n_records: int) -> None:
    batches = deal(torch.arange(n_records), batch_size=3, n_parts=4)
    assert torch.cat(batches).tolist() == list(range(n_records))
    assert len(batches) % 4 == 0
    assert {len(batch) for batch in batches[:-4]} <= {3}
    sizes = [len(batch) for batch in batches[-4:]]
    assert min(sizes) > 0
    assert max(sizes) - min(sizes) <= 1


def test_fewer_records_than_processes_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="3 records cannot be shared by 4"):
        list(KeyedBatches(3, 2, seed=0, world_size=2, accumulate=2))
