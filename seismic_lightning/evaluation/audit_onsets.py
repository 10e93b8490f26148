"""Windows that all start alike: with P always at one sample, a model may learn the place, not the onset."""

import numpy as np
import pandas as pd

from seismic_lightning.evaluation.audit_findings import Finding

ALIKE_S = 0.5
"""Standard deviation of the place of P below which windows count as starting alike."""


def onset_places(metadata: pd.DataFrame) -> Finding:
    """Measure how much the place of P within the window varies.

    Curation cuts every window the same time before P, and no setting moves it afterwards.

    Args:
        metadata: One row per record of a dataset.
    """
    what = "place of P in the window"
    place_s = (metadata["trace_p_arrival_sample"] / metadata["trace_sampling_rate_hz"]).to_numpy(dtype=float)
    spread_s, median_s = float(np.std(place_s)), float(np.median(place_s))
    found = (
        f"{median_s:.2f} s after its beginning in the median, standard deviation {spread_s:.3f} s, from "
        f"{place_s.min():.2f} to {place_s.max():.2f} s"
    )
    if spread_s >= ALIKE_S:
        return Finding(what, found, "ok")
    return Finding(
        what,
        f"{found}: a model may learn where P stands instead of what it looks like, and is not to be "
        "judged by finding P there",
        "note",
    )
