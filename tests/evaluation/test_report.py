"""The report as a page: whole, alone, escaped, the same twice, and no wider than a phone."""

import base64
import html
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.evaluations import HOSTILE, ROWS, made_evaluation

from seismic_lightning.evaluation.budget import CONDITIONAL_ROW, MEAN_ROW
from seismic_lightning.evaluation.report import REPORT_FILE, render, write_report
from seismic_lightning.evaluation.report_figures import MAX_EXAMPLES, examples_figure, figures
from seismic_lightning.evaluation.report_glossary import ANSWERS
from seismic_lightning.evaluation.report_standing import worse_than_mean
from seismic_lightning.evaluation.report_tables import numbers
from seismic_lightning.evaluation.result import BIN_COLUMNS, Curves, Evaluation

MAX_BYTES = 3_000_000
PHONE_PX, SCREEN_PX = 360, 1400
VOID = {"meta", "img", "br"}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Page(HTMLParser):
    """What a browser would see: tags that close, addresses, texts, and the cells of tables."""

    def __init__(self, text: str) -> None:
        """Read a whole page, and find every tag closed."""
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag and what it points to."""
        self.tags.append(tag)
        given = dict(attrs)
        self.addresses += [str(given[name]) for name in ("src", "href", "srcset", "data") if name in given]
        self.ids += [str(given["id"])] if "id" in given else []
        self.words += [str(value) for name, value in attrs if name in ("alt", "title", "aria-label")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """Return all that can be read, in order."""
        return " ".join(self.words)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    """Return an evaluation with as many examples as a report shows, and more."""
    return made_evaluation(n_examples=MAX_EXAMPLES + 1)


@pytest.fixture(scope="module")
def path(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report of that evaluation."""
    return write_report(evaluation, tmp_path_factory.mktemp("report") / "not yet there")


@pytest.fixture(scope="module")
def page(path: Path) -> Page:
    """Return the report as a browser sees it."""
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_is_one_small_file_that_asks_for_no_other(path: Path, page: Page) -> None:
    assert path.name == REPORT_FILE
    assert path.stat().st_size < MAX_BYTES
    assert {"script", "link", "iframe", "object", "base"} & set(page.tags) == set()
    targets = {f"#{name}" for name in page.ids}
    for address in page.addresses:
        assert address in targets or address.startswith("data:image/svg+xml;base64,")
    style = path.read_text(encoding="utf-8").partition("</style>")[0]
    assert not re.search(r"url\(|@import|https?:", style)
    for drawing in (base64.b64decode(one.partition(",")[2]) for one in page.addresses if one[0] != "#"):
        asked = re.findall(rb'(?:href|src)="([^"]*)"', drawing)
        assert all(one.startswith((b"#", b"data:")) for one in asked)


def test_every_row_measure_and_reason_can_be_read(evaluation: Evaluation, page: Page) -> None:
    for column in ("row", "measure", "absent"):
        for name in evaluation.budget[column].dropna().unique():
            assert name in page.text
    assert [page.text.count(note) for note in evaluation.notes] == [1, 1]
    for value in ("best.ckpt", "outputs/datasets/9f31c0a2", "phase.n_iterations", "0.1.0"):
        assert value in page.text
    assert "Not described here" not in page.text


def test_a_model_worse_than_the_mean_is_named_first_and_loudly() -> None:
    made = made_evaluation(n_examples=0, rows=(MEAN_ROW, CONDITIONAL_ROW))
    assert "<strong>conditional generation is" not in render(made)
    budget = made.budget.copy()
    budget.loc[budget["measure"] == "skill", "value"] = -0.4
    faults = worse_than_mean(budget)
    shown = render(made._replace(budget=budget, notes=[*faults, *made.notes]))
    assert shown.index(f"<strong>{faults[0]}</strong>") < shown.index(made.notes[0])


def test_every_row_is_explained(page: Page) -> None:
    for row in ROWS:
        assert ANSWERS[row] in page.text


def test_cells_show_the_values_and_intervals_of_the_budget(evaluation: Evaluation, path: Path) -> None:
    tables = {
        head: table.set_index("Answer")
        for table in pd.read_html(path, converters=None, flavor="lxml")
        if "Answer" in table
        for head in table.columns[1:]
    }
    known = evaluation.budget[evaluation.budget["absent"].isna()]
    for line in known.to_dict("records"):
        value, low, high = numbers(line["value"], line["low"], line["high"])
        title = next(head for head in tables if head.startswith(line["measure"]))
        assert f"{value}{low} to {high}" in str(tables[title].at[line["row"], title])


def test_every_section_is_there_and_linked(page: Page) -> None:
    assert page.ids == ["notes", "budget", "closure", "bins", "curves", "examples", "glossary"]
    assert [one for one in page.addresses if one[0] == "#"] == [f"#{name}" for name in page.ids[1:]]
    n_closure, n_curves = 1 + len(ROWS), 2
    assert page.tags.count("img") == n_closure + n_curves + MAX_EXAMPLES


def test_the_same_evaluation_gives_the_same_bytes() -> None:
    once, again = (render(made_evaluation(n_examples=1, rows=(MEAN_ROW, CONDITIONAL_ROW))) for _ in range(2))
    assert once == again


def test_names_that_mean_harm_are_only_read() -> None:
    made = made_evaluation(n_examples=1, station=HOSTILE, rows=(MEAN_ROW, HOSTILE))
    page = Page(
        render(
            made._replace(notes=[HOSTILE], about={"checkpoint": HOSTILE, "unit": HOSTILE, HOSTILE: HOSTILE})
        )
    )
    assert "script" not in page.tags
    assert page.text.count(HOSTILE) > 5
    drawings = [base64.b64decode(one.partition(",")[2]) for one in page.addresses if one[0] != "#"]
    assert not any(b"<script" in drawing for drawing in drawings)
    assert any(html.escape(HOSTILE, quote=False).encode() in drawing for drawing in drawings)


def test_what_there_is_nothing_of_is_left_out() -> None:
    made = made_evaluation(n_examples=0)
    bare = made._replace(
        bins=pd.DataFrame(columns=list(BIN_COLUMNS)), curves=Curves(np.empty(0), {}, (), {}, {}), notes=[]
    )
    page = Page(render(bare))
    assert page.ids == ["notes", "budget", "glossary"]
    assert "img" not in page.tags
    assert figures(bare) == {}


def test_figures_serve_a_dashboard_too() -> None:
    made = made_evaluation(n_examples=2)
    drawn = figures(made)
    assert set(drawn) == {
        "closure/real records",
        *(f"closure/{row}" for row in ROWS),
        "spectra",
        "levels",
        "examples",
    }
    assert len(examples_figure(made).axes) == 2 * 2
    closure = drawn[f"closure/{CONDITIONAL_ROW}"].axes[0]
    measured = made.budget.set_index(["row", "measure"])["value"]
    assert f"slope {measured[CONDITIONAL_ROW, 'ML closure slope']:.2f}" in closure.texts[0].get_text()
    pairs = drawn["examples"].axes
    for left, right in zip(pairs[::2], pairs[1::2], strict=True):
        assert left.get_ylim() == right.get_ylim()


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium to look with")
@pytest.mark.parametrize("width_px", [PHONE_PX, SCREEN_PX])
def test_a_browser_needs_no_sideways_scrolling(width_px: int, path: Path, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    # A browser's own window cannot be as narrow as a phone; a frame within it can.
    tell = (
        "<script>parent.document.title = [document.scrollingElement.scrollWidth, innerWidth,"
        "document.querySelectorAll('td.near').length]</script></body>"
    )
    inner = html.escape(path.read_text(encoding="utf-8").replace("</body>", tell))
    outer = tmp_path / "outer.html"
    frame = f'<iframe style="width:{width_px}px;height:800px;border:0" srcdoc="{inner}"></iframe>'
    outer.write_text(f"<!DOCTYPE html><title></title>{frame}", encoding="utf-8")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile")
    shown = subprocess.run(
        [CHROMIUM, *flags, "--window-size=1500,900", "--dump-dom", outer.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    told = re.search(r"<title>(\d+),(\d+),(\d+)</title>", shown.stdout)
    assert told is not None
    content_px, inner_px, n_cells = map(int, told.groups())
    assert inner_px == width_px
    assert n_cells > 0
    assert content_px <= inner_px
