"""The leak audit: everything by which a test split could know more than it should, check by check."""

from collections.abc import Iterator

from seismic_lightning.curation.store import CuratedDataset
from seismic_lightning.data.trained_on import DataOfCheckpoint
from seismic_lightning.evaluation.audit_checkpoint import checkpoint_findings
from seismic_lightning.evaluation.audit_duplicates import copied_waveforms, near_copies
from seismic_lightning.evaluation.audit_events import (
    events_across_splits,
    events_under_two_ids,
    shared_recordings,
)
from seismic_lightning.evaluation.audit_filter import magnitude_in_the_filter
from seismic_lightning.evaluation.audit_findings import Finding
from seismic_lightning.evaluation.audit_onsets import onset_places
from seismic_lightning.evaluation.fingerprints import fingerprints
from seismic_lightning.transforms.settings import PreprocessSettings


def audit(
    dataset: CuratedDataset,
    preprocess: PreprocessSettings,
    trained: DataOfCheckpoint | None = None,
    *,
    seed: int = 0,
) -> Iterator[Finding]:
    """Run all checks, yielding each finding when it is known.

    Args:
        dataset: The dataset.
        preprocess: Preprocessing whose filter is looked at; that of the checkpoint where there is one.
        trained: What a checkpoint says of its data; None audits the dataset alone.
        seed: Seed of what is drawn by lot.

    Yields:
        One finding per check.

    Raises:
        DatasetError: The records lack what the preprocessing needs.
        BandError: The band table has no row for a family.
        ConfigurationError: The preprocessing cannot be used.
    """
    yield events_across_splits(dataset.metadata)
    yield events_under_two_ids(dataset.metadata)
    yield shared_recordings(dataset.metadata)
    prints = fingerprints(dataset)
    yield copied_waveforms(dataset, prints)
    yield near_copies(dataset, prints)
    if trained is not None:
        yield from checkpoint_findings(dataset, trained)
    conditional = trained is not None and trained.conditional
    yield magnitude_in_the_filter(dataset, preprocess, conditional=conditional, seed=seed)
    yield onset_places(dataset.metadata)
