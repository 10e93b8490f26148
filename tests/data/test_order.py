"""The training order depends on seed and epoch alone, whoever asks and wherever it starts."""

import pytest

from seismic_lightning.data.order import KeyedOrder


def epoch(order: KeyedOrder, number: int) -> list[int]:
    order.set_epoch(number)
    return list(order)


def test_an_epoch_is_a_permutation_that_repeats_for_its_key() -> None:
    first = epoch(KeyedOrder(50, seed=1), 3)
    assert sorted(first) == list(range(50))
    assert first == epoch(KeyedOrder(50, seed=1), 3)


@pytest.mark.parametrize(("seed", "number"), [(1, 4), (2, 3)])
def test_another_epoch_or_seed_is_another_order(seed: int, number: int) -> None:
    assert epoch(KeyedOrder(50, seed=1), 3) != epoch(KeyedOrder(50, seed=seed), number)


def test_a_start_in_the_middle_yields_the_rest_of_the_same_order_once() -> None:
    whole = epoch(KeyedOrder(50, seed=1), 3)
    order = KeyedOrder(50, seed=1)
    order.start = 16
    assert epoch(order, 3) == whole[16:]
    assert epoch(order, 3) == whole


@pytest.mark.parametrize("n_records", [48, 50, 51])
def test_ranks_share_the_epoch_in_equal_parts(n_records: int) -> None:
    whole = epoch(KeyedOrder(n_records, seed=1), 0)
    parts = [epoch(KeyedOrder(n_records, 1, rank, world_size=3), 0) for rank in range(3)]
    assert len({len(part) for part in parts}) == 1
    assert {place for part in parts for place in part} == set(whole)
    assert [place for triple in zip(*parts, strict=True) for place in triple][:n_records] == whole
