"""What a record is depends on its key alone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from support.scenarios import inside
from torch import Tensor

from seismic_lightning.errors import CheckpointError, ConfigurationError
from seismic_lightning.generation.draw import DrawSettings, draw, sources
from seismic_lightning.generation.request import expand, request_table
from seismic_lightning.generation.trained import Trained
from seismic_lightning.generation.wanted import Wanted


@pytest.fixture(scope="module")
def trained(cvae_checkpoint: Path) -> Trained:
    return Trained.read(cvae_checkpoint)


def drawn(trained: Trained, *wanted: Wanted, **settings: object) -> NDArray[np.float32]:
    records = expand(request_table(trained, wanted))
    return np.concatenate(list(draw(trained, records, DrawSettings(**settings))))  # type: ignore[arg-type]


def test_records_depend_on_seed_request_and_number_alone(trained: Trained) -> None:
    few = drawn(trained, inside(trained, n_records=3, seed=5))
    assert few.shape == (3, 3, trained.n_samples)
    assert few.dtype == np.float32
    many = drawn(trained, inside(trained, n_records=40, seed=5), inside(trained, seed=5))
    assert np.array_equal(few, many[:3])
    assert len({record.tobytes() for record in many}) == 41
    other = drawn(trained, inside(trained, n_records=3, seed=6))
    assert not np.isclose(few, other).all(axis=(1, 2)).any()


def test_other_places_in_a_batch_make_the_same_records(trained: Trained) -> None:
    last = [
        drawn(trained, inside(trained, n_records=before), inside(trained))[-1] for before in (1, 9, 31, 32)
    ]
    assert all(np.array_equal(last[0], other) for other in last[1:])


def test_noise_is_that_of_the_record_in_batches_of_any_size(trained: Trained) -> None:
    records = expand(request_table(trained, [inside(trained, n_records=5)]))

    def spectrograms(size: int) -> Tensor:
        parts = (records.iloc[start : start + size] for start in range(0, 5, size))
        return torch.cat([trained.generate(part, generator=sources(part)) for part in parts])

    assert torch.allclose(spectrograms(5), spectrograms(2), rtol=0, atol=1e-4)


def test_a_cold_draw_differs_by_its_residual_alone(vae_checkpoint: Path) -> None:
    vae = Trained.read(vae_checkpoint)  # without a residual
    cold = drawn(vae, Wanted(n_records=2, seed=0, origin_ns=0), temperature=0.0)
    assert np.array_equal(cold[0], cold[1])
    warm = drawn(vae, Wanted(n_records=2, seed=0, origin_ns=0))
    assert not np.array_equal(warm[0], warm[1])


def test_with_one_noise_a_series_changes_by_its_condition_alone(trained: Trained) -> None:
    twice = [inside(trained, n_records=2)] * 2
    first, second, again, once_more = drawn(trained, *twice, same_noise=True)
    assert np.array_equal(first, again)
    assert np.array_equal(second, once_more)
    assert not np.array_equal(first, second)
    assert np.array_equal(first, drawn(trained, twice[0])[0])
    larger = drawn(trained, inside(trained), inside(trained, depth_km=12.0), same_noise=True)[1]
    assert not np.array_equal(first, larger)


def test_what_cannot_be_drawn_is_refused(trained: Trained) -> None:
    with pytest.raises(ConfigurationError, match="phase=finest: choose one of normal, fine"):
        DrawSettings(phase="finest")
    with pytest.raises(ConfigurationError, match="temperature=-1"):
        drawn(trained, inside(trained), temperature=-1.0)
    with pytest.raises(ConfigurationError, match="sampler=posterior: choose one of prior, aggregate"):
        drawn(trained, inside(trained), sampler="posterior")
    with pytest.raises(CheckpointError, match="sampler=aggregate: this CVAE holds no density"):
        drawn(trained, inside(trained), sampler="aggregate")
