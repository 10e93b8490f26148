import pytest
import torch
from torch.autograd import backward

from seismic_lightning.batch import Condition
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.nn.condition import CONDITION_SIZE, STATION_SIZE, ConditionEncoder


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def condition_of(*stations: int) -> Condition:
    n_records = len(stations)
    return Condition(torch.zeros(n_records), torch.zeros(n_records, 3), torch.tensor(stations))


def test_every_part_of_a_condition_counts() -> None:
    encoder = ConditionEncoder(n_stations=4)
    base = condition_of(1)
    others = [
        base._replace(magnitude=torch.ones(1)),
        base._replace(station=torch.tensor([2])),
        *(base._replace(location=torch.eye(3)[axis : axis + 1]) for axis in range(3)),
    ]
    assert encoder(base).shape == (1, CONDITION_SIZE)
    assert all(not torch.allclose(encoder(base), encoder(other)) for other in others)


def test_an_unseen_station_is_the_mean_of_the_known_ones() -> None:
    table = ConditionEncoder(n_stations=5).stations()
    assert table.shape == (5, STATION_SIZE)
    torch.testing.assert_close(table[0], table[1:].mean(0))


def test_training_one_station_moves_the_unseen_one_with_it() -> None:
    encoder = ConditionEncoder(n_stations=3)
    before = encoder.stations().detach().clone()
    backward(encoder(condition_of(2)).sum())
    torch.optim.SGD(encoder.parameters(), lr=0.1).step()
    after = encoder.stations().detach()
    assert torch.equal(after[1], before[1])
    assert not torch.equal(after[2], before[2])
    torch.testing.assert_close(after[0] - before[0], (after[2] - before[2]) / 2, atol=1e-6, rtol=1e-4)


def test_a_vocabulary_without_stations_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"known station.*n_stations=1"):
        ConditionEncoder(n_stations=1)
