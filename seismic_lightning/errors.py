"""The errors a user can cause, each naming the culprit and the remedy.

Every error also inherits the builtin that a caller would reach for, so that ``except ValueError`` keeps
working. The commands print these as one line and exit with 1; anything else is a defect of ours and keeps
its traceback.
"""


class SeismicLightningError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigurationError(SeismicLightningError, ValueError):
    """A setting has a value that cannot be used."""


class ArchiveError(SeismicLightningError, FileNotFoundError):
    """An archive lacks a part that its contract asks for: catalogue, station metadata or waveforms."""


class WaveformError(SeismicLightningError, ValueError):
    """A waveform file cannot become a record; ``reason`` is the name under which it is counted.

    Attributes:
        reason: Short snake-case name, one of ``seismic_lightning.curation.reasons.REASONS``.
    """

    def __init__(self, reason: str, message: str) -> None:
        """Keep the reason beside the message."""
        super().__init__(message)
        self.reason = reason


class DatasetError(SeismicLightningError, ValueError):
    """A curated dataset is missing, damaged, empty or of another kind than asked for."""


class BandError(SeismicLightningError, ValueError):
    """No row of the band table for a channel family, or corners that a sampling rate does not allow."""


class CheckpointError(SeismicLightningError, ValueError):
    """A checkpoint is missing, damaged or of another model."""


class LeakError(SeismicLightningError, ValueError):
    """Validation or test records, or what was fitted on them, have reached training."""


class StorageError(SeismicLightningError, OSError):
    """Writing failed: disk full, or a folder that cannot be written to."""


class TrainingError(SeismicLightningError, ArithmeticError):
    """Training cannot go on: the loss is no longer finite, or a process of the run is gone."""


class SweepError(SeismicLightningError, RuntimeError):
    """Jobs of a sweep failed, or its folder or database is another's, damaged or in use."""


class PrunedError(SeismicLightningError, RuntimeError):
    """A trial of a search was ended early, as it fell behind the others: a named end, not a failure."""


class AcquisitionError(SeismicLightningError, ConnectionError):
    """A node cannot be reached, or does not send what was asked for; ``reason`` is counted.

    Attributes:
        reason: Short snake-case name, one of ``seismic_lightning.acquisition.reasons.REASONS``.
        wait_s: Wait that the node asks for before the next request, 0 where it asks for none.
        tries: Requests that were sent.
    """

    def __init__(self, reason: str, message: str, wait_s: float = 0.0) -> None:
        """Keep the reason and the wait beside the message."""
        super().__init__(message)
        self.reason = reason
        self.wait_s = wait_s
        self.tries = 0


class CalibrationError(SeismicLightningError, ArithmeticError):
    """Simulated records are not as real ones are: quantities that miss their tolerance."""


class EvaluationError(SeismicLightningError, ValueError):
    """Records cannot be judged: values that are not finite, sets too small, pairs that do not match."""


class TooFewRecordsError(EvaluationError):
    """A measure needs more records, events or classes than there are; others may do with them."""
