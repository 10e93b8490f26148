import pandas as pd

from seismic_lightning.callbacks.embedding import COLUMNS, describe


def test_labels_follow_the_rows() -> None:
    metadata = pd.DataFrame({"source_magnitude": [2.5, 3.49, float("nan")], "source_id": ["a", "b", "c"]})
    labels = describe(metadata, ["KO.A", "KO.B", "KO.C"], [2, 0, 1])
    assert list(labels.columns) == COLUMNS
    assert labels.to_numpy().tolist() == [
        ["unknown", "unknown", "KO.C", "c"],
        ["2.5", "2.5-3.0", "KO.A", "a"],
        ["3.5", "3.0-3.5", "KO.B", "b"],
    ]


def test_classes_go_below_zero() -> None:
    metadata = pd.DataFrame({"source_magnitude": [-0.2], "source_id": ["a"]})
    assert describe(metadata, ["KO.A"], [0])["magnitude_class"].tolist() == ["-0.5-0.0"]
