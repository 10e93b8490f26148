"""All columns for one evaluation, and why some of them stay empty."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from seismic_lightning.evaluation.bins import residuals_by_bin
from seismic_lightning.evaluation.budget import Answer, error_budget
from seismic_lightning.evaluation.columns import (
    INTENSITIES,
    DiscriminatorMeasure,
    classifier_measures,
    intensity_measures,
    spectral_measures,
    trend_measures,
)
from seismic_lightning.evaluation.fourier import bands_below, fas_features
from seismic_lightning.evaluation.ground import COUNTS
from seismic_lightning.evaluation.honesty_columns import honesty_measures
from seismic_lightning.evaluation.measure import Array, Measure, Records
from seismic_lightning.evaluation.noise import SETTLED_S
from seismic_lightning.evaluation.result import BIN_COLUMNS
from seismic_lightning.evaluation.schooling import Schooling
from seismic_lightning.evaluation.seismogram_columns import closure_measures, seismogram_measures
from seismic_lightning.evaluation.subject import Subject
from seismic_lightning.evaluation.waveform_columns import band_name, waveform_measures
from seismic_lightning.records.local_magnitude import MIN_MAGNITUDE

MIN_TRAINING_RECORDS = 3
"""Fewer have no second nearest neighbour to compare with."""
FEW_LOST = 0.05
"""Share of draws without a value that is not worth a word."""
_NEED_THREE = (
    "S-P error, median",
    "H/V of S over real",
    "P rectilinearity less real",
    "coherence after P less real",
    "P polarisation error, median",
)
_NEED_PLACE = (
    "S-P error, median",
    "envelope levels off real",
    "H/V of S over real",
    "corner frequency over real",
    "P polarisation error, median",
)
_NEED_ONSETS = (
    "S-P error, median",
    "H/V of S over real",
    "corner frequency over real",
    "P rectilinearity less real",
    "coherence after P less real",
    "P polarisation error, median",
)
_TREND = ("PGA slope per magnitude less real", "PGA scatter about trend over real")
_EVENT_TERMS = ("PGA τ between events", "PGA φ within events")
_CLOSURE = ("ML closure slope", "ML closure bias", "ML closure sigma", "ML closure sigma over real")


class Judge(NamedTuple):
    """Judges answers to real records, one row at a time.

    Attributes:
        subject: The real records.
        schooling: What the training split gave.
        measures: The columns.
        reasons: Why a column has no value in any row.
        seed: Of the draws of events.
        n_draws: Draws of events for the intervals.
    """

    subject: Subject
    schooling: Schooling
    measures: list[Measure]
    reasons: Mapping[str, str]
    seed: int
    n_draws: int

    def budget(self, answer: Answer) -> pd.DataFrame:
        """Return the lines of one row of the error budget.

        Args:
            answer: The row.

        Raises:
            EvaluationError: What a measure refuses.
        """
        reasons = dict(self.reasons)
        if answer.records.magnitude is None:
            nowhere = "a record drawn from nothing has no source whose place is known"
            reasons.update(dict.fromkeys(_NEED_PLACE, nowhere))
        return error_budget(
            [answer],
            self.subject.records,
            self.measures,
            seed=self.seed,
            n_draws=self.n_draws,
            reasons=reasons,
        )

    def bins(self, answer: Answer) -> list[dict[str, object]]:
        """Return lines of ``BIN_COLUMNS``; none for answers without pairs or waveforms.

        Args:
            answer: The row.
        """
        real = answer.reference or self.subject.records
        parts = (answer.records.intensity, real.intensity, real.magnitude, real.distance_km)
        intensity, of_real, magnitude, distance_km = parts
        if not answer.paired or intensity is None or of_real is None:
            return []
        if magnitude is None or distance_km is None:
            return []
        place = self.schooling.bins.place(magnitude, distance_km)
        if not (place >= 0).any():
            return []
        lines: list[dict[str, object]] = []
        for name, residual in zip(INTENSITIES, (intensity - of_real).T, strict=True):
            table = residuals_by_bin(residual, place, self.schooling.bins)
            for line in table.to_dict("records"):
                lines.append({"row": answer.name, "intensity": name, **{str(key): line[key] for key in line}})
        return lines


def make_judge(subject: Subject, schooling: Schooling, seed: int, n_draws: int) -> tuple[Judge, list[str]]:
    """Put the columns together.

    Args:
        subject: The real records.
        schooling: What the training split gave.
        seed: Of draws and of the discriminator.
        n_draws: Draws of events for the intervals.

    Returns:
        The judge, and sentences on columns that are left out.
    """
    rate_hz = subject.rate_hz
    bands = bands_below(rate_hz)
    measures: list[Measure] = [
        *spectral_measures(schooling.mean_level),
        *waveform_measures(rate_hz, bands, settled_s=_settled_s(subject)),
        *intensity_measures(),
        *trend_measures(),
        *closure_measures(),
        *seismogram_measures(),
    ]
    notes = []
    if schooling.classifier is not None:
        measures += classifier_measures(schooling.classifier, schooling.bins)
    measures.append(DiscriminatorMeasure(seed))
    if schooling.features is not None and len(schooling.features) >= MIN_TRAINING_RECORDS:

        def features(records: Records) -> Array:
            return fas_features(np.asarray(records.waveform), rate_hz, bands)

        measures += honesty_measures(schooling.features, features, ("waveform",))
    else:
        notes.append(
            "Copies of training records and coverage were not looked for: "
            + (
                "training records are not in the unit of those judged."
                if schooling.features is None
                else f"there are {len(schooling.features)} training records."
            )
        )
    return Judge(subject, schooling, measures, _reasons(subject), seed, n_draws), notes


def one_table(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the rows of a budget together, in their order.

    Args:
        tables: Of single rows.
    """
    lines = [line for table in tables for line in table.itertuples(index=False, name=None)]
    return pd.DataFrame(lines, columns=tables[0].columns)


def lost_draws(budget: pd.DataFrame, n_draws: int) -> list[str]:
    """Say which intervals rest on fewer draws than were asked for.

    Args:
        budget: Lines of ``budget.TABLE_COLUMNS``.
        n_draws: Draws of events that were asked for.

    Returns:
        One sentence for the rows that lack the same measures in more than a few draws.
    """
    many = budget[budget["absent"].isna() & (budget["n_lost"] > FEW_LOST * n_draws)]
    rows_by_measures: dict[str, list[str]] = {}
    for row, lines in many.groupby("row", sort=False):
        rows_by_measures.setdefault(", ".join(lines["measure"]), []).append(str(row))
    notes = []
    for measures, rows in rows_by_measures.items():
        most = many.loc[many["row"].isin(rows), "n_lost"].max()
        notes.append(
            f"Up to {most} of {n_draws} draws of events have no value of {measures} ({', '.join(rows)}); "
            "intervals rest on the others, or are left out where most are lost."
        )
    return notes


def bins_table(lines: list[dict[str, object]]) -> pd.DataFrame:
    """Make a table of the lines of bins.

    Args:
        lines: Of all rows.
    """
    return pd.DataFrame(lines, columns=list(BIN_COLUMNS))


def _settled_s(subject: Subject) -> float:
    """Return how long a record lasts until its taper and the start of the filter are over."""
    trained = subject.seen.trained
    return max(SETTLED_S, trained.front.preprocess.settings.taper_fraction * trained.length_s)


def _reasons(subject: Subject) -> dict[str, str]:
    """Say what these records cannot have."""
    reasons = dict.fromkeys(_NEED_ONSETS, "no P stands out of the noise")
    reasons["foot before P less real"] = "no P stands out of the noise"
    reasons["envelope levels off real"] = "no S stands out of the noise"
    bands = map(band_name, bands_below(subject.rate_hz))
    reasons.update(dict.fromkeys(bands, "nothing stands out of the noise between taper and P"))
    reasons.update(dict.fromkeys(_TREND, "too few records, or no scatter about the trend"))
    reasons.update(dict.fromkeys(_EVENT_TERMS, "no two records of one event, or no scatter"))
    if subject.seen.dataset.components != "ZNE":
        reasons.update(dict.fromkeys(_NEED_THREE, "needs three components"))
    if subject.ground.unit == COUNTS:
        reasons.update(dict.fromkeys(_CLOSURE, "a magnitude needs m/s, these records are in counts"))
    else:
        few = f"too few records of ML {MIN_MAGNITUDE:g} and above, or all of one magnitude"
        reasons.update(dict.fromkeys(_CLOSURE, few))
    return reasons
