"""The data settings of a model that another model is built upon: they have to be this run's own."""

import logging
from collections.abc import Mapping
from typing import Any

from seismic_lightning.data.datamodule import SpectrogramDataModule
from seismic_lightning.data.trained_on import differing
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.transforms.front import SpectrogramFront

log = logging.getLogger(__name__)

_MAY_DIFFER = ("dataset_id", "condition")


def adopt_scale(module: SpectrogramDataModule, state: Mapping[str, Any], path: str) -> None:
    """Take over the spectrogram scale that a first stage has learnt with.

    The dataset may be another one, which is warned of: it may have trained on what is held out here. So may
    the condition, which a first stage does not hear.

    Args:
        module: This run's data, set up.
        state: What the first stage's checkpoint says of its data.
        path: Its file, for errors.

    Raises:
        ConfigurationError: Naming what differs.
    """
    own = module.state_dict()
    different = differing(own, state, but=_MAY_DIFFER)
    if different:
        shown = "; ".join(f"{name}: {here} here, {there} there" for name, (here, there) in different.items())
        raise ConfigurationError(
            f"model.first_stage={path} was trained with another {', '.join(different)} ({shown}); give "
            "the same settings of window, components, preprocess, stft and representation as its run had"
        )
    if own["dataset_id"] != state["dataset_id"]:
        log.warning(
            "model.first_stage=%s was trained on dataset %s, this run on %s: what is held out here "
            "may have been trained on there; train both on one dataset where the test split is to count",
            path, state["dataset_id"], own["dataset_id"],
        )  # fmt: skip
    scaling = SpectrogramFront.from_settings(state["front"]).scaling
    fitted = module.front.scaling
    if scaling is None or fitted is None:
        return
    module.mean_spectrogram = scaling(fitted.inverse(module.mean_spectrogram))
    module.front = SpectrogramFront.from_settings(state["front"], module.motion.instruments)
