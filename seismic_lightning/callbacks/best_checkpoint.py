"""The best state of a run, also of a run that goes on in another folder than it began in."""

import logging
from pathlib import Path
from typing import Any

from lightning.pytorch.callbacks import ModelCheckpoint

from seismic_lightning.storage import write_atomically

log = logging.getLogger(__name__)


class BestCheckpoint(ModelCheckpoint):
    """Lightning's ``ModelCheckpoint``, which on resuming takes the best file along.

    Lightning forgets the best score when a run resumes into a new folder, and then calls the best of the
    remaining epochs the best of the run.
    """

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the best score, and copy its file here if it lies in another folder.

        Args:
            state_dict: State of the callback when the checkpoint was written.
        """
        best, score = Path(state_dict["best_model_path"]), state_dict["best_model_score"]
        here = Path(str(self.dirpath)) / best.name
        if score is None or here == best:
            super().load_state_dict(state_dict)
            return
        if not best.is_file():
            log.warning("%s is gone: the best of this run will be the best of its remaining epochs.", best)
            return
        here.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(here, best.read_bytes())  # every process of the run does so
        moved = {"dirpath": self.dirpath, "best_model_path": str(here), "kth_best_model_path": str(here)}
        super().load_state_dict({**state_dict, **moved, "best_k_models": {str(here): score}})
