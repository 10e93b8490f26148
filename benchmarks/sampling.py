"""What steps, solver and guidance of a diffusion model are worth, by the columns of the error budget.

Some hundred records of the test split are answered with 5, 10, 25 and 50 steps of Heun's solver, with 25 of
them at guidance 1, 1.5 and 3, and by Euler's solver with as many calls of the network as 5, 10 and 25 of
Heun's take. The split-half of real records and the first stage's reconstruction stand beside. Time is
processor time, phase recovery included.

Run with ``python -m benchmarks.sampling CHECKPOINT DATASET OUTPUT_DIR``; ``sampling.md`` and ``sampling.png``
are written there.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seismic_lightning.curation.store import CuratedDataset, open_dataset
from seismic_lightning.evaluation.answers import Making, answer_of, rows_of
from seismic_lightning.evaluation.baselines import split_halves
from seismic_lightning.evaluation.budget import HALVES_ROW, ORACLE_ROW, Answer
from seismic_lightning.evaluation.chosen import choose
from seismic_lightning.evaluation.judging import Judge, make_judge
from seismic_lightning.evaluation.progress import silently
from seismic_lightning.evaluation.reading import JudgedRecords
from seismic_lightning.evaluation.schooling import learn
from seismic_lightning.evaluation.subject import read_subject
from seismic_lightning.generation.trained import Trained
from seismic_lightning.transforms.phase import FAST_ITERATIONS

MEASURES = (
    "embedding Fréchet distance",
    "log-FAS Fréchet distance",
    "PGA scatter about trend over real",
    "ML closure slope",
    "S-P error, median",
)
IDEAL = {"PGA scatter about trend over real": 1.0, "ML closure slope": 1.0}
N_RECORDS, N_TRAINING_RECORDS, N_DRAWS, SEED = 192, 1500, 100, 0
MANY = 1000


class Setting(NamedTuple):
    """How records are drawn.

    Attributes:
        solver: ``heun`` or ``euler``.
        n_steps: Steps from noise to latent.
        guidance: Factor on what the condition changes.
    """

    solver: str
    n_steps: int
    guidance: float = 1.0

    @property
    def n_calls(self) -> int:
        """Return how often the network is asked; Heun's last step, which ends without noise, asks once."""
        each = 2 * self.n_steps - 1 if self.solver == "heun" else self.n_steps
        return each if self.guidance == 1.0 else 2 * each

    def __str__(self) -> str:
        """Return the words of a table."""
        return f"{self.solver}, {self.n_steps} steps, guidance {self.guidance:g}"


HEUN = [Setting("heun", n_steps) for n_steps in (5, 10, 25, 50)]
EULER = [Setting("euler", setting.n_calls) for setting in HEUN[:3]]
GUIDED = [Setting("heun", 25, guidance) for guidance in (1.0, 1.5, 3.0)]


class Row(NamedTuple):
    """One row of the table.

    Attributes:
        name: What answers.
        budget: Lines of the error budget by measure.
        seconds: Processor time of a thousand records; None where nothing was drawn.
    """

    name: str
    budget: pd.DataFrame
    seconds: float | None = None


class Watch:
    """Notes the processor time at which all records have been made."""

    def __init__(self) -> None:
        """Start."""
        self._start_s = time.process_time()
        self.seconds = 0.0

    def __call__(self, doing: str, done: int, total: int) -> None:
        """Look at the clock as long as records are made; see ``StepProgress``."""
        if doing.endswith("making records"):
            self.seconds = time.process_time() - self._start_s


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("checkpoint", "dataset", "output_dir"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--records", type=int, default=N_RECORDS, help="most records that are judged")
    words = parser.parse_args()
    trained = Trained.read(words.checkpoint)
    _steer(trained, HEUN[0])  # refuses other models before anything is read
    judge = judge_of(trained, open_dataset(words.dataset), words.records)
    drawn = {setting: answered(judge, setting) for setting in settings_of(trained)}
    beside = [halves(judge), oracle(judge)]
    text = markdown([*beside, *drawn.values()])
    words.output_dir.mkdir(parents=True, exist_ok=True)
    (words.output_dir / "sampling.md").write_text(text + "\n", encoding="utf-8")
    figure_of(drawn, beside).savefig(words.output_dir / "sampling.png", dpi=100)
    sys.stdout.write(text + "\n")


def settings_of(trained: Trained) -> list[Setting]:
    """Return what is tried, each once; a model without condition has nothing to be guided by."""
    guided = GUIDED if trained.conditional else []
    return list(dict.fromkeys([*HEUN, *guided, *EULER]))


def judge_of(trained: Trained, dataset: CuratedDataset, n_records: int) -> Judge:
    """Read records and teach the classifier as ``seismic-evaluate`` does; keep the columns shown alone."""
    seen = JudgedRecords(trained, dataset)
    subject = read_subject(seen, choose(dataset, "test", n_records, SEED), silently)
    schooling = learn(seen, subject.ground.unit, N_TRAINING_RECORDS, SEED, silently)
    judge, _ = make_judge(subject, schooling, SEED, N_DRAWS)
    shown = [m for m in judge.measures if any(column.name in MEASURES for column in m.columns)]
    return judge._replace(measures=shown)


def answered(judge: Judge, setting: Setting) -> Row:
    """Draw and judge with one setting."""
    subject = judge.subject
    _steer(subject.seen.trained, setting)
    watch = Watch()
    name = rows_of(subject)[2]  # after ceiling and oracle
    made = answer_of(subject, name, Making(FAST_ITERATIONS, 1.0, SEED, watch))
    return Row(str(setting), _judged(judge, made.answer), watch.seconds * MANY / len(subject.rows))


def oracle(judge: Judge) -> Row:
    """Judge what the first stage makes of the records themselves: as good as a draw can look."""
    made = answer_of(judge.subject, ORACLE_ROW, Making(FAST_ITERATIONS, 1.0, SEED, silently))
    return Row(ORACLE_ROW, _judged(judge, made.answer))


def halves(judge: Judge) -> Row:
    """Judge half of the records by the other half."""
    real = judge.subject.records
    first, second = (real.take(rows) for rows in split_halves(real.event, SEED))
    return Row(HALVES_ROW, _judged(judge, Answer(HALVES_ROW, first, paired=False, reference=second)))


def _judged(judge: Judge, answer: Answer) -> pd.DataFrame:
    return judge.budget(answer).set_index("measure").reindex(list(MEASURES))


def _steer(trained: Trained, setting: Setting) -> None:
    trained.steer(setting.n_steps, setting.solver, setting.guidance)


def markdown(rows: Sequence[Row]) -> str:
    """Return the table."""
    head = ["drawn with", *MEASURES, "processor s per 1,000 records"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for row in rows:
        cells = [f"{value:.3g}".replace("nan", "") for value in row.budget["value"]]
        seconds = "" if row.seconds is None else f"{row.seconds:.0f}"
        lines.append("| " + " | ".join([row.name, *cells, seconds]) + " |")
    return "\n".join(lines)


def figure_of(drawn: dict[Setting, Row], beside: Sequence[Row]) -> Figure:
    """Draw each measure against calls of the network, by solver, and against guidance."""
    figure = Figure(figsize=(3.4 * len(MEASURES), 6.4), layout="constrained")
    grid = figure.subplots(2, len(MEASURES), sharey="col")
    for (above, below), measure in zip(grid.T, MEASURES, strict=True):
        for solver, settings in (("heun", HEUN), ("euler", EULER)):
            places = [setting.n_calls for setting in settings]
            _line(above, places, [drawn[setting] for setting in settings], (measure, solver))
        guided = [setting for setting in GUIDED if setting in drawn]
        if len(guided) > 1:
            strengths = [setting.guidance for setting in guided]
            _line(below, strengths, [drawn[setting] for setting in guided], (measure, "heun, 25 steps"))
        for axes in (above, below):
            for row, style in zip(beside, (":", "--"), strict=True):
                axes.axhline(row.budget.loc[measure, "value"], color="0.5", ls=style, lw=1.0, label=row.name)
            if measure in IDEAL:
                axes.axhline(IDEAL[measure], color="tab:green", lw=0.8, label="ideal")
            axes.tick_params(labelsize=8)
        unit = str(beside[0].budget["unit"].fillna("")[measure])
        above.set_title(f"{measure} ({unit})" if unit else measure, fontsize=9)
        above.set_xscale("log")
        ticks = [setting.n_calls for setting in HEUN]
        above.set_xticks(ticks, [str(tick) for tick in ticks])
        above.minorticks_off()
        above.set_xlabel("calls of the network", fontsize=8)
        below.set_xticks([setting.guidance for setting in GUIDED])
        below.set_xlabel("guidance", fontsize=8)
    for axes in grid[:, 0]:
        axes.legend(fontsize=7)
    return figure


def _line(axes: Axes, places: Sequence[float], rows: Sequence[Row], names: tuple[str, str]) -> None:
    """Draw the values of a measure with their intervals, under a label."""
    measure, label = names
    lines = np.array([row.budget.loc[measure, ["value", "low", "high"]] for row in rows], dtype=np.float64)
    axes.plot(places, lines[:, 0], "o-", label=label)
    axes.fill_between(places, lines[:, 1], lines[:, 2], alpha=0.15)


if __name__ == "__main__":
    main()
