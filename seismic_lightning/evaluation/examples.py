"""A few real records beside answers to them, from weak to strong, for people to look at."""

import numpy as np
from numpy.typing import NDArray

from seismic_lightning.data.condition import station_names
from seismic_lightning.evaluation.answers import Made
from seismic_lightning.evaluation.result import Example
from seismic_lightning.evaluation.subject import Subject, distances_km

N_EXAMPLES = 10


def example_places(subject: Subject, seed: int, n_examples: int = N_EXAMPLES) -> NDArray[np.int64]:
    """Choose records of all sizes: one at random from each of as many equal parts, ordered by magnitude.

    Args:
        subject: The real records.
        seed: Of the choice.
        n_examples: How many, if there are so many records.

    Returns:
        Places among the records.
    """
    magnitude = subject.metadata["source_magnitude"].to_numpy(dtype=np.float64)
    generator = np.random.default_rng(seed)
    order = np.lexsort((distances_km(subject.metadata), magnitude))
    parts = np.array_split(order, min(n_examples, len(order)))
    return np.array([generator.choice(part) for part in parts], dtype=np.int64)


def examples_of(subject: Subject, row: Made, places: NDArray[np.int64]) -> list[Example]:
    """Put answers beside the real records.

    Args:
        subject: The real records.
        row: Answers, some of which may have been left out.
        places: Of ``example_places``.

    Returns:
        Those whose answer is there; none of them where the row lacks waveforms.
    """
    real, answer, made = subject.records, row.answer, row.answer.records.waveform
    parts = (real.waveform, real.magnitude, real.distance_km, real.p_s)
    waveform, magnitude, distance_km, p_s = parts
    if made is None or waveform is None:
        return []
    if magnitude is None or distance_km is None or p_s is None:
        return []
    kept = np.arange(len(subject.rows)) if row.kept is None else row.kept
    answered = {place: number for number, place in enumerate(kept.tolist())}
    names = station_names(subject.metadata)
    families = subject.metadata["trace_channel"].astype(str).tolist()
    return [
        Example(
            row=answer.name,
            paired=answer.paired,
            event=str(real.event[place]),
            station=names[place],
            family=families[place],
            magnitude=float(magnitude[place]),
            distance_km=float(distance_km[place]),
            p_s=float(p_s[place]),
            rate_hz=subject.rate_hz,
            unit=subject.ground.unit,
            components=subject.seen.dataset.components,
            real=np.asarray(waveform[place], dtype=np.float64),
            generated=np.asarray(made[answered[place]], dtype=np.float64),
        )
        for place in places.tolist()
        if place in answered
    ]
