"""Every measure in one sentence, with its source: what a reader of the report asks first.

Full formulas and references stand in the modules that take the measures.
"""

import re
from typing import NamedTuple

from seismic_lightning.evaluation.budget import (
    AGGREGATE_ROW,
    CEILING_ROW,
    CONDITIONAL_ROW,
    HALVES_ROW,
    MEAN_ROW,
    ORACLE_ROW,
    OTHER_ROW,
    PRIOR_ROW,
)


class Entry(NamedTuple):
    """What is said about a measure.

    Attributes:
        family: Table of the report that it stands in.
        sentence: What it is.
        source: Who described it, and where; empty where it is a plain count or difference.
    """

    family: str
    sentence: str
    source: str


SPECTROGRAM = "Spectrogram"
SPECTRUM = "Spectrum of the waveform"
BIAS = "Ground motion: bias"
SCATTER = "Ground motion: scatter"
DISTRIBUTION = "Ground motion: distribution"
READING = "Magnitude and onsets"
SHAPE = "Shape and particle motion"
TOLD_APART = "Told apart by a classifier"
HONESTY = "Copies and coverage"
FURTHER = "Further measures"
FAMILIES = (
    SPECTROGRAM, SPECTRUM, BIAS, SCATTER, DISTRIBUTION, READING, SHAPE, TOLD_APART, HONESTY, FURTHER,
)  # fmt: skip
"""In the order of the report."""

ANSWERS = {
    MEAN_ROW: "The mean training spectrogram for every request: the answer of one who has learned nothing.",
    OTHER_ROW: "A real record of another earthquake, taken at random: real, but not what was asked for.",
    HALVES_ROW: "The events are parted at random, and the real records of one half judged against those of "
    "the other, as if a model had made them. What differs is chance and the choice of earthquakes: no set "
    "drawn from nothing can be asked to come nearer. Halves have no pairs, and half as many records.",
    CEILING_ROW: "The real spectrogram with its phase recovered: what is lost without any model.",
    ORACLE_ROW: "The real record encoded and decoded: what is lost within the model.",
    CONDITIONAL_ROW: "Drawn for the magnitude, place and station of each record.",
    PRIOR_ROW: "Drawn from the prior, without any request.",
    AGGREGATE_ROW: "Drawn as in the row before, but latents are like those of training records.",
}
"""What each row of the error budget is."""

_MURPHY = "Murphy (1988), doi:10.1175/1520-0493(1988)116<2417:SSBOTM>2.0.CO;2"
_EPSTEIN = "Murphy and Epstein (1989), doi:10.1175/1520-0493(1989)117<0572:SSACCI>2.0.CO;2"
_GRAY = "Gray and Markel (1976), doi:10.1109/TASSP.1976.1162849"
_YAMAMOTO = "Yamamoto et al. (2020), doi:10.1109/ICASSP40776.2020.9053795"
_KONNO = "Konno and Ohmachi (1998), doi:10.1785/BSSA0880010228 (smoothing)"
_FRECHET = "Dowson and Landau (1982), doi:10.1016/0047-259X(82)90077-X"
_HEUSEL = "Heusel et al. (2017), doi:10.48550/arXiv.1706.08500"
_OQUAB = "Lopez-Paz and Oquab (2017), doi:10.48550/arXiv.1610.06545"
_NIGAM = "Nigam and Jennings (1969), doi:10.1785/BSSA0590020909"
_TRIFUNAC = "Trifunac and Brady (1975), doi:10.1785/BSSA0650030581"
_ABRAHAMSON = "Abrahamson and Youngs (1992), doi:10.1785/BSSA0820010505"
_ALATIK = "Al Atik et al. (2010), doi:10.1785/gssrl.81.5.794"
_RAMDAS = "Ramdas et al. (2017), doi:10.3390/e19020047"
_RICHTER = "Richter (1935), Bull. Seismol. Soc. Am. 25, 1-32"
_ALLEN = "Allen (1978), doi:10.1785/BSSA0680051521"
_MAEDA = "Maeda (1985), doi:10.4294/zisin1948.38.3_365"
_KANASEWICH = "Kanasewich (1981), Time Sequence Analysis in Geophysics, chapter 20"
_BRUNE = "Brune (1970), doi:10.1029/JB075i026p04997"
_JURKEVICS = "Jurkevics (1988), doi:10.1785/BSSA0780051725"
_CARTER = "Carter et al. (1973), doi:10.1109/TAU.1973.1162496"
_MEEHAN = "Meehan et al. (2020), doi:10.48550/arXiv.2004.05675"
_KYNKAANNIEMI = "Kynkäänniemi et al. (2019), doi:10.48550/arXiv.1904.06991"

_INTENSITY_WORDS = {
    "PGA": ("peak ground acceleration", "the record itself"),
    "PGV": ("peak ground velocity", "the record itself"),
    "PSA 0.1 s": ("pseudo-spectral acceleration at 0.1 s, 5 % damping", _NIGAM),
    "PSA 0.3 s": ("pseudo-spectral acceleration at 0.3 s, 5 % damping", _NIGAM),
    "PSA 1 s": ("pseudo-spectral acceleration at 1 s, 5 % damping", _NIGAM),
    "Arias intensity": ("Arias intensity, π/2g of the squared acceleration's integral", "Arias (1970)"),
    "D5-95": ("duration of 5 to 95 % of the Arias intensity", _TRIFUNAC),
}
_KINDS = {
    "bias": (BIAS, "Mean of log10 generated over real {}."),
    "residual sd": (
        SCATTER,
        "Standard deviation of log10 generated over real {}; of an honest draw √2 times the scatter "
        "that real records have about their trend.",
    ),
    "distribution": (
        DISTRIBUTION,
        "Wasserstein distance of generated from real log10 {}: the mean shift that turns one set into the "
        "other.",
    ),
}
_FAS_BIAS = re.compile(r"FAS (.+) bias")


def entry(measure: str) -> Entry:
    """Return what is said about a measure.

    Args:
        measure: Name of a column of the error budget.

    Returns:
        Its entry; of a measure that is not described here, one of the family ``FURTHER`` that says so.

    Example:
        >>> entry("PGA bias").sentence
        'Mean of log10 generated over real peak ground acceleration.'
    """
    known = _ENTRIES.get(measure) or _of_intensity(measure)
    if known is not None:
        return known
    if band := _FAS_BIAS.fullmatch(measure):
        sentence = f"Mean of log10 generated over real Fourier amplitude, smoothed, at {band[1]}."
        return Entry(SPECTRUM, sentence, _KONNO)
    return Entry(FURTHER, "Not described here.", "")


def _of_intensity(measure: str) -> Entry | None:
    """Return the entry of a measure of ground motion."""
    for kind, (family, sentence) in _KINDS.items():
        name = measure.removesuffix(f" {kind}")
        if name != measure and name in _INTENSITY_WORDS:
            words, source = _INTENSITY_WORDS[name]
            return Entry(family, sentence.format(words), _RAMDAS if family == DISTRIBUTION else source)
    return None


_ENTRIES = {
    "skill": Entry(
        SPECTROGRAM,
        "1 less the mean squared error of the log spectrogram over that of the mean training spectrogram.",
        _MURPHY,
    ),
    "anomaly correlation": Entry(
        SPECTROGRAM,
        "Correlation of log spectrograms after the mean training spectrogram is taken from both.",
        _EPSTEIN,
    ),
    "spectral correlation": Entry(
        SPECTROGRAM,
        "Correlation of log spectrograms as they are; the mean spectrogram alone reaches about 0.9, so read "
        "it only beside the anomaly correlation.",
        _EPSTEIN,
    ),
    "log spectral distance": Entry(
        SPECTROGRAM, "Root mean square difference of log10 amplitudes; times 20 it is decibels.", _GRAY
    ),
    "multi-resolution distance": Entry(
        SPECTRUM,
        "Log spectral distance of the waveforms, averaged over windows of 64, 256 and 1024 samples.",
        _YAMAMOTO,
    ),
    "log-FAS Fréchet distance": Entry(
        SPECTRUM,
        "Distance between the normal distributions of log Fourier amplitudes of two sets, each frequency "
        "alone.",
        _FRECHET,
    ),
    "PGA τ between events": Entry(
        SCATTER, "Between-event standard deviation of PGA residuals, by a mixed-effects fit.", _ABRAHAMSON
    ),
    "PGA φ within events": Entry(
        SCATTER, "Within-event standard deviation of PGA residuals, by a mixed-effects fit.", _ALATIK
    ),
    "PGA slope per magnitude less real": Entry(
        DISTRIBUTION,
        "How fast log10 PGA grows with the magnitude asked for, less the same of real records.",
        _ABRAHAMSON,
    ),
    "PGA scatter about trend over real": Entry(
        DISTRIBUTION,
        "Scatter of log10 PGA about its own trend with magnitude and distance, over that of real records; "
        "below 1 the model averages.",
        _ABRAHAMSON,
    ),
    "ML closure slope": Entry(
        READING, "Slope of the local magnitude read back from the waveform over the one asked for.", _RICHTER
    ),
    "ML closure bias": Entry(
        READING, "Mean of the local magnitude read back less the one asked for.", _RICHTER
    ),
    "ML closure sigma": Entry(
        READING, "Scatter of the local magnitude read back less the one asked for.", _RICHTER
    ),
    "ML closure sigma over real": Entry(
        READING,
        "That scatter, over the same of real records.",
        _RICHTER,
    ),
    "P found less real": Entry(
        READING,
        "Share of records whose P is picked within tolerance, less that share of real records.",
        _ALLEN,
    ),
    "S-P error, median": Entry(
        READING,
        "Median absolute difference between S less P as found in the record and as the model has it.",
        _MAEDA,
    ),
    "foot before P less real": Entry(
        SHAPE,
        "Median level of the last second before P over that of the noise earlier, where P is 10 times that "
        "noise, less real; a recovered phase leaks there.",
        "",
    ),
    "envelope levels off real": Entry(
        SHAPE,
        "Mean distance of eight median envelope levels, first P to late coda over S, from the real ones.",
        _KANASEWICH,
    ),
    "H/V of S over real": Entry(
        SHAPE, "Median horizontal over vertical amplitude of S, over the same of real records.", ""
    ),
    "corner frequency over real": Entry(
        SHAPE, "Median corner frequency of S, over the same of real records.", _BRUNE
    ),
    "P rectilinearity less real": Entry(
        SHAPE, "Median rectilinearity of P's particle motion, less that of real records.", _JURKEVICS
    ),
    "coherence after P less real": Entry(
        SHAPE, "Mean over pairs of components of median coherence after P, less real.", _CARTER
    ),
    "P polarisation error, median": Entry(
        SHAPE,
        "Median angle between the direction of P's horizontal motion and the source; 90 means unrelated.",
        _JURKEVICS,
    ),
    "embedding Fréchet distance": Entry(
        TOLD_APART,
        "Distance between two sets in the features of a classifier of magnitude and distance that learned "
        "from training records.",
        _HEUSEL,
    ),
    "classifier accuracy": Entry(
        TOLD_APART, "Share of records that this classifier puts into the bin asked for.", _OQUAB
    ),
    "classifier accuracy less real": Entry(
        TOLD_APART, "That share, less the same of held-out real records.", _OQUAB
    ),
    "discriminator accuracy": Entry(
        TOLD_APART,
        "Balanced accuracy of a classifier of real against generated on held-out events; one half means that "
        "it cannot tell.",
        _OQUAB,
    ),
    "distance to training over held-out": Entry(
        HONESTY,
        "Median distance to the nearest training record, over that of held-out real records; far below 1 "
        "means copies.",
        _MEEHAN,
    ),
    "copies of training records": Entry(
        HONESTY,
        "Share of records that lie as near to one training record, against the next, as the nearest 1 % of "
        "held-out real records; 0.01 is to be expected.",
        _MEEHAN,
    ),
    "precision": Entry(HONESTY, "Share of generated records that lie among real ones.", _KYNKAANNIEMI),
    "recall": Entry(HONESTY, "Share of real records that lie among generated ones.", _KYNKAANNIEMI),
}  # fmt: skip
