import pytest
from omegaconf import OmegaConf

from seismic_lightning.cli.advice import words_on_conditions


@pytest.mark.parametrize(
    ("edges", "is_conditional", "features", "word"),
    [
        ([1, 2], True, "physics", "preprocess=fixed_band"),
        ([], True, "physics", None),
        ([1, 2], False, "location", None),
        ([], False, "physics", "condition=physics has no effect"),
    ],
)
def test_leaking_and_unheard_conditions_are_said_aloud(
    edges: list[int], is_conditional: bool, features: str, word: str | None
) -> None:
    config = OmegaConf.create({"preprocess": {"magnitude_edges": edges}, "condition": {"features": features}})
    words = words_on_conditions(config, is_conditional)
    assert len(words) == (word is not None)
    assert all(word is not None and word in said for said in words)
